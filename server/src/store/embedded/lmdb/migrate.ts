import { existsSync, renameSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../../clock/clock.ts'
import type { StoreLog } from '../../store-log.ts'
import { DamageError } from '../disk/damage.ts'
import type { Files } from '../disk/files.ts'
import { MANIFEST, MANIFEST_COPY, numberIn } from '../disk/manifest.ts'
import { encodeFields } from '../fields.ts'
import { mailboxKey } from '../keys.ts'
import type { RowChange, Rows } from '../rows.ts'
import {
  DATA_FILE,
  LOCK_FILE,
  OLD_TABLES,
  type OldRows,
  type OldTable,
  openOldRows,
  writeGuard,
} from './last-release.ts'
import { claimOldFolder } from './old-claim.ts'
import { assertOldPages } from './old-pages.ts'

/** The manifest while not everything is there yet: to a start it is as if there was none. */
const UNFINISHED_MANIFEST = 'manifest.migrating'
const GUARD = 'data.mdb.guard'
const GUARD_FOLDER = 'guard'
const OLD_OWNER = 'owner'
/** What the last release finds too new. */
const GUARD_FORMAT = 2
const BATCH_BYTES = 512 * 1024
const PROGRESS_EVERY_MS = 2_000

export type MigrationOptions = {
  readonly files: Files
  readonly clock: Clock
  readonly log: StoreLog
  /** Opens rows whose manifest has another name. */
  readonly openRows: (files: Files) => Promise<Rows>
}

/**
 * Takes over what the last release left in the folder, if it did. The old files stay as they are until all rows
 * are in the new ones; one renaming decides. A crash before it begins anew, a crash after it goes on.
 *
 * @throws Error when the last release is running on the folder
 * @throws DamageError when its data file is not one that LMDB can be trusted with
 */
export async function migrate(options: MigrationOptions): Promise<void> {
  const { files } = options
  if (files.sizeOf(MANIFEST) === undefined) {
    if (files.sizeOf(DATA_FILE) === undefined) return
    await takeOver(options)
  }
  await retireOldFiles(files)
}

async function takeOver({ files, clock, log, openRows }: MigrationOptions): Promise<void> {
  const claim = await claimOldFolder({ file: join(files.path, OLD_OWNER), clock })
  try {
    assertOldPages(files, DATA_FILE)
    const old = openOldRows(files.path)
    try {
      if (isGuard(old)) throw new DamageError(`${files.path}/${MANIFEST}`, 'is missing')
      await removeUnfinished(files)
      const rows = await openRows(withManifestName(files, UNFINISHED_MANIFEST))
      try {
        await copy(old, rows, { clock, log })
      } finally {
        await rows.close()
      }
    } finally {
      await old.close()
    }
    await makeGuard(files)
    await files.syncNames()
    await files.rename(UNFINISHED_MANIFEST, MANIFEST)
    await files.syncNames()
  } finally {
    claim.release()
  }
}

/** Whether these are not rows of the last release, but what keeps it from a store that was taken over. */
export function isGuard(old: OldRows): boolean {
  const format = encodeFields([GUARD_FORMAT])
  for (const { key, value } of old.rows('meta'))
    if (Buffer.from(key).toString('latin1') === 'format') return format.equals(value)
  return false
}

/** What an earlier try has left. */
async function removeUnfinished(files: Files): Promise<void> {
  for (const name of files.list()) {
    const isOurs = numberIn(name, '.log') !== undefined || numberIn(name, '.rows') !== undefined
    const isManifest = name === UNFINISHED_MANIFEST || name === MANIFEST_COPY
    if (isOurs || isManifest || name.endsWith('.tmp')) await files.remove(name)
  }
}

async function copy(
  old: OldRows,
  rows: Rows,
  { clock, log }: Pick<MigrationOptions, 'clock' | 'log'>,
): Promise<void> {
  const total = old.count()
  const startedAtMs = clock.monotonicMs()
  let saidAtMs = startedAtMs
  let done = 0
  log.info('taking over the data folder of the last release', { rows: total })
  for (const changes of batches(old)) {
    await rows.commit(changes)
    done += changes.length
    if (clock.monotonicMs() - saidAtMs < PROGRESS_EVERY_MS) continue
    saidAtMs = clock.monotonicMs()
    log.info('taking over the data folder', { rows: total, done })
  }
  const seconds = Math.round((clock.monotonicMs() - startedAtMs) / 100) / 10
  log.info('took over the data folder of the last release', { rows: done, seconds })
}

function* batches(old: OldRows): Generator<readonly RowChange[]> {
  let changes: RowChange[] = []
  let bytes = 0
  for (const table of OLD_TABLES)
    for (const { key, value } of old.rows(table)) {
      changes.push({ table, key: newKey(table, key), value: Buffer.from(value) })
      bytes += key.length + value.length
      if (bytes < BATCH_BYTES) continue
      yield changes
      changes = []
      bytes = 0
    }
  yield changes
}

/** Mailbox entries and their terms had the registration before the sequence. */
function newKey(table: OldTable, key: Uint8Array): Buffer {
  const bytes = Buffer.from(key)
  if (table !== 'mailbox' && table !== 'terms') return bytes
  const number = (at: number) => bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
  return mailboxKey(number(0), number(8), bytes.readUInt32BE(16))
}

async function makeGuard(files: Files): Promise<void> {
  const folder = join(files.path, GUARD_FOLDER)
  rmSync(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  renameSync(await writeGuard(folder, encodeFields([GUARD_FORMAT])), join(files.path, GUARD))
  rmSync(folder, { recursive: true, force: true })
}

/** The guard takes the place of the old data. */
async function retireOldFiles(files: Files): Promise<void> {
  if (files.sizeOf(GUARD) === undefined) return
  await files.rename(GUARD, DATA_FILE)
  await files.syncNames()
  for (const name of [LOCK_FILE, OLD_OWNER]) if (existsSync(join(files.path, name))) await files.remove(name)
}

function withManifestName(files: Files, name: string): Files {
  const as = (asked: string) => (asked === MANIFEST ? name : asked)
  return {
    ...files,
    sizeOf: (asked) => files.sizeOf(as(asked)),
    open: (asked) => files.open(as(asked)),
    create: (asked) => files.create(as(asked)),
    identityOf: (asked) => files.identityOf(as(asked)),
  }
}
