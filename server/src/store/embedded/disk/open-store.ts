import { APPENDED } from '../rows.ts'
import { DamageError } from './damage.ts'
import type { Files } from './files.ts'
import { HeldManifest, type OnLost } from './held-manifest.ts'
import { assertNothingOfAStore, ownerOf } from './leftovers.ts'
import { Levels } from './levels.ts'
import { Log, type LogPart } from './log.ts'
import {
  type LogInfo,
  logName,
  MANIFEST,
  type Manifest,
  numberIn,
  readNewestManifest,
  runName,
} from './manifest.ts'
import { PartMemory } from './part-memory.ts'
import { replayLogs } from './replay.ts'
import { Run } from './run.ts'
import type { Sizes } from './sizes.ts'
import { makeLog } from './supply.ts'
import { TableIds } from './table-ids.ts'

export type OpenStore = {
  readonly ids: TableIds
  readonly held: HeldManifest
  readonly levels: Levels
  /** The parts of the log whose rows are in memory, oldest first; the last is the one that is written. */
  readonly parts: LogPart[]
  readonly log: Log
  readonly memory: PartMemory
}

type OpenLog = Pick<OpenStore, 'parts' | 'log' | 'memory'>

/** More than a former owner takes without a manifest that says so: it gives no file a name that we give. */
const NUMBERS_OF_A_FORMER_OWNER = 100_000

/** Opens what is in the folder, or makes a new store where there is none. Its epoch is a new one from then on. */
export async function openStore(
  files: Files,
  newStoreId: () => string,
  sizes: Sizes,
  onLost: OnLost,
  isRepair = false,
): Promise<OpenStore> {
  const found = readNewestManifest(files)
  if (found === undefined) assertNothingOfAStore(files)
  if (found?.isBeingRepaired === true && !isRepair)
    throw new DamageError(`${files.path}/${MANIFEST}`, 'says that a repair did not come to its end')
  const manifest = found ?? (await makeStore(files, newStoreId(), sizes))
  const ids = new TableIds(manifest.tables)
  const nextFile = manifest.nextFile + (found === undefined ? 0 : NUMBERS_OF_A_FORMER_OWNER)
  const ours = { ...manifest, epoch: manifest.epoch + 1, tables: ids.names, nextFile }
  const held = await HeldManifest.start(files, ours, onLost)
  const levels = openLevels(files, held.manifest, APPENDED.map(ids.of))
  try {
    const end = openLog(files, held.manifest, ids)
    if (found === undefined) await end.log.open()
    else await goOnAlone(files, held, end, sizes)
    await tidy(files, held.manifest)
    return { ids, held, levels, ...end }
  } catch (error) {
    levels.close()
    throw error
  }
}

/**
 * From here on nothing is written to a file that a former owner may still write to: one that stood still between its
 * last look and its write, where locks do not hold. What it had is sealed where this start has found its end; what it had
 * made ahead goes.
 */
async function goOnAlone(
  files: Files,
  held: HeldManifest,
  { parts, log }: OpenLog,
  sizes: Sizes,
): Promise<void> {
  await settle(files, log.part.info)
  const bytes = Math.min(sizes.partBytesMax, log.part.info.bytes)
  const next = { number: held.takeNumbers(1), bytes }
  await makeLog(files, next.number, bytes)
  for (const [index, part] of parts.entries()) {
    const lastCommit = (parts[index + 1]?.firstCommit ?? log.nextCommit) - 1
    parts[index] = { ...part, info: { lastCommit, ...part.info } }
  }
  held.lastCommit = log.nextCommit - 1
  const logs = [...parts.map(({ info }) => info), next]
  await held.update((manifest) => ({ ...manifest, logs }))
  parts.push(await log.goOnIn(next))
}

/**
 * Where writes go through the page cache, the last record may have been read from there alone; the manifest is about to
 * say that it is there. Writing some of the same bytes again has all of them synced.
 */
async function settle(files: Files, { number }: LogInfo): Promise<void> {
  const log = await files.openLog(logName(number))
  const reader = files.open(logName(number))
  try {
    reader.read(log.room(log.unitBytes).subarray(0, log.unitBytes), 0)
    await log.write(log.unitBytes, 0)
  } finally {
    reader.close()
    await log.close()
  }
}

async function makeStore(files: Files, storeId: string, { firstPartBytes }: Sizes): Promise<Manifest> {
  await makeLog(files, 1, firstPartBytes)
  const logs = [{ number: 1, bytes: firstPartBytes }]
  return { storeId, epoch: 0, tables: [], nextFile: 2, logs, firstCommit: 1, runs: [] }
}

function openLevels(files: Files, { runs, storeId }: Manifest, appended: readonly number[]): Levels {
  const open: Run[] = []
  try {
    for (const info of runs) open.push(new Run(files, info, storeId))
    return new Levels(open, appended)
  } catch (error) {
    for (const run of open) run.close()
    throw error
  }
}

function openLog(files: Files, manifest: Manifest, ids: TableIds): OpenLog {
  const end = replayLogs(files, manifest)
  const parts = end.tables.slice(0, end.index + 1).flatMap((table, index) => {
    const info = manifest.logs[index]
    return info === undefined ? [] : [{ info, table, firstCommit: end.firstCommits[index] ?? end.nextCommit }]
  })
  const current = parts.at(-1)
  if (current === undefined) throw new DamageError(`${files.path}/${MANIFEST}`, 'names no log')
  const place = { storeId: Buffer.from(manifest.storeId, 'hex'), epoch: manifest.epoch }
  const memory = new PartMemory()
  const options = { files, ...place, idOf: ids.of, memory }
  return { parts, log: new Log(options, current, end.position, end.nextCommit), memory }
}

/** Removes what a crash has left over, and nothing that another store has written. */
async function tidy(files: Files, { logs, runs, storeId }: Manifest): Promise<void> {
  const needed = new Set([
    ...logs.map(({ number }) => logName(number)),
    ...runs.map(({ number }) => runName(number)),
  ])
  for (const name of files.list()) {
    const isOurs =
      numberIn(name, '.log') !== undefined || numberIn(name, '.rows') !== undefined || name.endsWith('.tmp')
    if (!isOurs || needed.has(name)) continue
    if ((ownerOf(files, name) ?? storeId) !== storeId)
      throw new DamageError(`${files.path}/${name}`, 'belongs to another store')
    await files.remove(name)
  }
}
