import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { Scratch } from './scratch.ts'

/** Address space for the data file, not disk or memory. */
const MAP_BYTES = 256 * 1024 ** 3
/** Below every key. lmdb-js would begin higher, at its own idea of the first key. */
const FIRST_KEY = Buffer.from([0])
const FILE_MODE = 0o600

export const DATA_FILE = 'data.mdb'
export const LOCK_FILE = 'lock.mdb'

/** The tables of the last release that had LMDB. */
export const OLD_TABLES = [
  'meta',
  'registrations',
  'liveness',
  'mailbox',
  'terms',
  'races',
  'answers',
  'families',
  'revoked',
  'revokedUsers',
  'lastSeen',
  'signing',
  'feed',
  'webhooks',
  'deadLetters',
  'links',
  'history',
  'historyIndex',
  'outcomes',
] as const

export type OldTable = (typeof OLD_TABLES)[number]

/** The rows of a folder of the last release, for reading. */
export interface OldRows {
  /** Rows in all. */
  count(): number
  /** All rows of a table, sorted. The bytes are good until the next. */
  rows(table: OldTable): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>
  close(): Promise<void>
}

export function openOldRows(folder: string): OldRows {
  const root = open<Uint8Array, Uint8Array>({ ...OPTIONS, path: folder, readOnly: true })
  const tables = new Map<OldTable, Database<Uint8Array, Uint8Array>>()
  for (const name of OLD_TABLES) {
    const table = openTable(root, name)
    if (table !== undefined) tables.set(name, table)
  }
  return {
    count: () => [...tables.values()].reduce((sum, table) => sum + entriesOf(table), 0),
    rows: (table) => tables.get(table)?.getRange({ start: FIRST_KEY }) ?? [],
    close: () => root.close(),
  }
}

/**
 * Writes a data file that the last release opens, finds too new, and refuses: it would take a folder without one
 * for a new store, and start empty.
 */
export async function writeGuard(folder: string, format: Uint8Array): Promise<string> {
  const root = open<Uint8Array, Uint8Array>({ ...OPTIONS, path: folder })
  await root.openDB<Uint8Array, Uint8Array>('meta', BINARY).put(Buffer.from('format'), format)
  await root.close()
  return join(folder, DATA_FILE)
}

const keys = () => new Scratch()

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const
const OPTIONS = {
  ...BINARY,
  mapSize: MAP_BYTES,
  maxDbs: OLD_TABLES.length + 4,
  permissionsMode: FILE_MODE,
  overlappingSync: false,
} as const

/** `undefined`: the folder has no such table. */
function openTable(root: RootDatabase<Uint8Array, Uint8Array>, name: OldTable) {
  const scratch = keys()
  const values = new Scratch()
  const options = {
    encoding: 'binary',
    keyEncoder: {
      writeKey(key: Uint8Array, target: Uint8Array, start: number): number {
        target.set(key, start)
        return start + key.length
      },
      readKey: (source: Uint8Array, start: number, end: number) => scratch.copy(source, start, end),
    },
    decoder: { decode: (source: Uint8Array, size: number) => values.copy(source, 0, size) },
    decoderCopies: true,
  } as const
  return root.openDB<Uint8Array, Uint8Array>(name, options) as Database<Uint8Array, Uint8Array> | undefined
}

function entriesOf(table: Database<Uint8Array, Uint8Array>): number {
  const entries: unknown = Reflect.get(table.getStats(), 'entryCount')
  return typeof entries === 'number' ? entries : 0
}
