import { afterThisTurn, type Clock } from '../../../clock/clock.ts'
import type { StoreWarning } from '../../store.ts'
import { type StoreLog, silentLog } from '../../store-log.ts'
import type { RowChange, Rows, Table } from '../rows.ts'
import { RECORD_UNIT_BYTES, recordBytes, roundUp } from './commit-record.ts'
import { bytesOf } from './compaction.ts'
import { type Cursor, memtableCursor } from './cursor.ts'
import type { Files } from './files.ts'
import { Found } from './found.ts'
import type { HeldManifest, OnLost } from './held-manifest.ts'
import { type Levels, merged } from './levels.ts'
import type { Log, LogPart } from './log.ts'
import type { Merger } from './merge.ts'
import { openStore } from './open-store.ts'
import { type DiskRoom, Room, saysNoRoom, withReserve } from './room.ts'
import { bareKey, firstKeyOf, rowKey } from './row-key.ts'
import { SIZES, type Sizes } from './sizes.ts'
import type { TableIds } from './table-ids.ts'
import { Upkeep } from './upkeep.ts'

/** How often it is looked whether much was removed, milliseconds. */
const GARBAGE_EVERY_MS = 1_000
/** How often it is looked whether the store is still ours while nothing is written, milliseconds. */
const OWNED_EVERY_MS = 1_000
/** Units of all disks are whole parts of it, bytes. */
const LARGEST_UNIT_BYTES = 8 * RECORD_UNIT_BYTES
/** Rows that a scan visits before everybody else gets a turn. */
const SCANNED_ROWS = 2_000

export type DiskRowsOptions = {
  readonly files: Files
  readonly clock: Clock
  /** Default: says nothing. */
  readonly log?: StoreLog
  readonly merger: Merger
  /** Tells a store that is made now from all others; 16 hexadecimal digits. */
  readonly newStoreId: () => string
  /** Default: `SIZES`. */
  readonly sizes?: Sizes
  /** Told once when another process has the store, or its folder is gone: nothing is written or confirmed any more. */
  readonly onLost?: OnLost
  /** Opens also what a repair has not brought to its end. Default: that is refused. */
  readonly isRepair?: boolean
}

/**
 * Opens, and where need be makes, the rows of a store: a log of commits, each one record in one write, and runs,
 * files of sorted rows that the log becomes from time to time. Whatever is read was checked. What the log holds
 * that is in no run yet is in memory too.
 *
 * @throws DamageError when a file is missing or not as it was written
 * @throws Error when a newer version wrote the files, or when the system refuses
 */
export async function openDiskRows(options: DiskRowsOptions): Promise<Rows> {
  const { files, clock, merger, sizes = SIZES, log = silentLog, onLost = () => {} } = options
  const open = () => openStore(files, options.newStoreId, sizes, onLost, options.isRepair)
  const store = await withReserve(files, open)
  const room = new Room({ files, clock, log, sizes, runBytes: () => bytesOf(store.levels.runs) })
  const found = new Found(log)
  const onFailure = (error: unknown) => found.note(error)
  const upkeep = new Upkeep({ ...store, files, clock, merger, sizes, log, room, onFailure })
  upkeep.start()
  const watch = clock.every(OWNED_EVERY_MS, () => look(store.held))
  const parts: Parts = { ...store, upkeep, room, clock, lookedAtMs: clock.monotonicMs() }
  return {
    warnings: () => warnings(found, room),
    get: (table, key) => found.during(() => get(parts, rowKey(store.ids.of(table), key))),
    scan: (table, visit) => scan(parts, table, visit),
    scanKeys: (table, visit) => scanKeys(parts, table, visit),
    commit: (changes) => commit(parts, changes),
    async reopen() {
      store.held.assertOwned()
      await store.log.open()
      upkeep.retryNow()
    },
    async close() {
      watch.cancel()
      await room.close()
      await upkeep.close()
      await store.log.close()
      // A start knows then where the log has to end. Without it, it knows what the last manifest said.
      await store.held.update((manifest) => manifest).catch(() => {})
      store.levels.close()
    },
  }
}

const NONE: readonly StoreWarning[] = []
const OF_ROOM: { readonly [room in DiskRoom]: readonly StoreWarning[] } = {
  enough: NONE,
  low: ['disk_low'],
  none: ['disk_low', 'disk_full'],
}

function warnings(found: Found, { room }: Room): readonly StoreWarning[] {
  return found.damage === undefined ? OF_ROOM[room] : ['store_damaged', ...OF_ROOM[room]]
}

/** Whoever is lost is told by it; what the system says besides, the next commit says too. */
function look(held: HeldManifest): void {
  try {
    held.assertOwned()
  } catch {}
}

type Parts = {
  readonly ids: TableIds
  readonly held: HeldManifest
  readonly levels: Levels
  readonly parts: LogPart[]
  readonly log: Log
  readonly upkeep: Upkeep
  readonly room: Room
  readonly clock: Clock
  lookedAtMs: number
}

function get({ levels, parts }: Parts, key: string): Buffer | undefined {
  for (let index = parts.length - 1; index >= 0; index--) {
    const found = parts[index]?.table.find(key)
    if (found !== undefined) return found.value && Buffer.from(found.value)
  }
  return levels.find(key)?.value
}

function scan(
  parts: Parts,
  table: Table,
  visit: (key: Uint8Array, value: Uint8Array) => void,
): Promise<void> {
  return goThrough(parts, table, false, (key, cursor) => {
    const value = cursor.value()
    if (value !== undefined) visit(bareKey(key), value)
  })
}

function scanKeys(parts: Parts, table: Table, visit: (key: Uint8Array) => void): Promise<void> {
  return goThrough(parts, table, true, (key, cursor) => {
    if (!cursor.isRemoved()) visit(bareKey(key))
  })
}

async function goThrough(
  { ids, levels, parts }: Parts,
  table: Table,
  keysOnly: boolean,
  visit: (key: string, cursor: Cursor) => void,
): Promise<void> {
  const from = firstKeyOf(ids.of(table))
  const to = firstKeyOf(ids.of(table) + 1)
  const release = levels.hold()
  try {
    for (const { table } of parts) table.lend()
    const inMemory = parts.map((part) => memtableCursor(part.table, from, to)).reverse()
    const cursor = merged([...inMemory, ...levels.cursors(from, keysOnly)])
    for (let rows = 1; cursor.key !== undefined && cursor.key < to; cursor.next(), rows++) {
      visit(cursor.key, cursor)
      if (rows % SCANNED_ROWS === 0) await new Promise<void>((resolve) => afterThisTurn(resolve))
    }
  } finally {
    release()
  }
}

async function commit(parts: Parts, changes: readonly RowChange[]): Promise<void> {
  if (changes.length === 0) return
  const { clock, held, log, upkeep } = parts
  // Before, so that a process that stood still does not write over what the next owner wrote; and after, so that
  // nothing is confirmed that the next owner has not read.
  held.assertOwned()
  if (!log.hasRoomFor(changes)) await goOn(parts, recordBytes(changes))
  const apply = await log.write(changes).catch((error: unknown) => giveWay(parts, error))
  held.assertOwned()
  apply((key) => forget(parts, key))
  held.lastCommit = log.nextCommit - 1
  if (log.isHalfFull) upkeep.supply.wake()
  if (clock.monotonicMs() - parts.lookedAtMs < GARBAGE_EVERY_MS) return
  parts.lookedAtMs = clock.monotonicMs()
  if (!upkeep.hasMuchGarbage) return
  await goOn(parts, 0)
  upkeep.flushSoon()
}

/** Where even a commit that takes no new room finds none (btrfs, ZFS), the next try may. */
async function giveWay({ room }: Parts, error: unknown): Promise<never> {
  if (saysNoRoom(error)) await room.giveWay()
  throw error
}

/** Takes a removed row out of the parts of the log before the last. `false`: a run has it, or will. */
function forget({ levels, parts }: Parts, key: string): boolean {
  if (levels.mayHave(key)) return false
  return parts.every(({ table }, index) => index === parts.length - 1 || table.forget(key))
}

/** Goes on in the next part of the log, so that those before become runs. */
async function goOn({ log, parts, upkeep }: Parts, bytes: number): Promise<void> {
  await upkeep.flushed()
  parts.push(await log.goOnIn(await upkeep.supply.next(roundUp(bytes, LARGEST_UNIT_BYTES))))
  upkeep.flush()
}
