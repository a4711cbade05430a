import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { type RowChange, type Rows, TABLES, type Table } from './rows.ts'
import { Scratch } from './scratch.ts'

/** Address space for the data file, not disk or memory: it grows on demand, and past this by remapping. */
const MAP_BYTES = 256 * 1024 ** 3

/** Below every key. lmdb-js would begin higher, at its own idea of the first key. */
const FIRST_KEY = Buffer.from([0])

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** LMDB as `Rows`, and as a lock between processes. */
export interface LmdbRows extends Rows {
  /** Runs `run` while no other process can do the same on this folder, also after the death of one that did. */
  exclusively<T>(run: () => T): T
}

/** Opens, and where need be makes, a store in `folder`. */
export function openLmdbRows(folder: string): LmdbRows {
  makeFolder(folder)
  let env = openEnvironment(folder)
  return {
    get: (table, key) => env.tables[table].getBinary(key),
    scan(table, visit) {
      for (const { key, value } of env.tables[table].getRange({ start: FIRST_KEY })) visit(key, value)
    },
    scanKeys(table, visit) {
      for (const key of env.tables[table].getKeys({ start: FIRST_KEY })) visit(key)
    },
    commit: (changes) => commit(env, changes),
    async reopen() {
      // After some failures LMDB refuses every further transaction of the environment.
      await env.root.close()
      env = openEnvironment(folder)
    },
    exclusively: (run) => env.root.transactionSync(run),
    close: () => env.root.close(),
  }
}

type Environment = {
  readonly root: RootDatabase<Uint8Array, Uint8Array>
  readonly tables: { readonly [table in Table]: Database<Uint8Array, Uint8Array> }
}

function openEnvironment(folder: string): Environment {
  const options = {
    path: folder,
    mapSize: MAP_BYTES,
    maxDbs: TABLES.length + 4,
    encoding: 'binary',
    keyEncoding: 'binary',
    permissionsMode: FILE_MODE,
    // A commit is over when it is on disk, and a failing disk fails the commit. (The default lets commits
    // overlap with the writing of earlier ones; with one commit at a time that gains nothing.)
    overlappingSync: false,
    // The journal decides what goes together: no waiting for the end of the turn, and no starting early, which
    // might cut a batch in two.
    eventTurnBatching: false,
    txnStartThreshold: 1,
    batchStartThreshold: 2 ** 31,
  } as const
  const root = open<Uint8Array, Uint8Array>(options)
  const table = (name: Table) => root.openDB<Uint8Array, Uint8Array>(name, binary())
  return {
    root,
    tables: {
      meta: table('meta'),
      registrations: table('registrations'),
      liveness: table('liveness'),
      mailbox: table('mailbox'),
      terms: table('terms'),
      races: table('races'),
      calls: table('calls'),
      cancels: table('cancels'),
      answers: table('answers'),
      families: table('families'),
      revoked: table('revoked'),
      revokedUsers: table('revokedUsers'),
      lastSeen: table('lastSeen'),
      signing: table('signing'),
      feed: table('feed'),
      webhooks: table('webhooks'),
      deadLetters: table('deadLetters'),
      links: table('links'),
      history: table('history'),
      historyIndex: table('historyIndex'),
      outcomes: table('outcomes'),
      eventAnswers: table('eventAnswers'),
    },
  }
}

/**
 * Keys and values are bytes. Scans get them in buffers that are used again for the next row; `get` copies.
 */
function binary() {
  const keys = new Scratch()
  const values = new Scratch()
  return {
    encoding: 'binary',
    keyEncoder: {
      writeKey(key: Uint8Array, target: Uint8Array, start: number): number {
        target.set(key, start)
        return start + key.length
      },
      readKey: (source: Uint8Array, start: number, end: number) => keys.copy(source, start, end),
    },
    decoder: { decode: (source: Uint8Array, size: number) => values.copy(source, 0, size) },
    decoderCopies: true,
  } as const
}

/** All changes but the last go in one block; the last has the writing started at once, instead of next turn. */
async function commit({ root, tables }: Environment, changes: readonly RowChange[]): Promise<void> {
  const last = changes.at(-1)
  if (last === undefined) return
  const block = root.batch(() => {
    for (let index = 0; index < changes.length - 1; index++) void change(tables, changes[index])
  })
  try {
    await Promise.all([block, change(tables, last)])
  } catch (error) {
    throw await reasonOf(error)
  }
}

function change(tables: Environment['tables'], change: RowChange | undefined): Promise<boolean> | undefined {
  if (change === undefined) return undefined
  const { table, key, value } = change
  return value === undefined ? tables[table].remove(key) : tables[table].put(key, value)
}

/** lmdb-js says "Commit failed" and keeps the reason in a second promise, which must not go unhandled. */
async function reasonOf(error: unknown): Promise<unknown> {
  const reason: unknown = error instanceof Error ? Reflect.get(error, 'commitError') : undefined
  try {
    await reason
    return error
  } catch (cause) {
    return cause
  }
}

/** Makes the folder private, and its names in their parents survive a power cut. */
function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
  chmodSync(folder, FOLDER_MODE)
  for (const path of [folder, dirname(folder)]) {
    const handle = openSync(path, 'r')
    fsyncSync(handle)
    closeSync(handle)
  }
}
