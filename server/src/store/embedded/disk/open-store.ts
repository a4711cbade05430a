import { DamageError } from './damage.ts'
import type { Files } from './files.ts'
import { Ledger, type OnLost } from './ledger.ts'
import { assertNothingOfAStore, ownerOf } from './leftovers.ts'
import { Levels } from './levels.ts'
import { Log, type LogPart } from './log.ts'
import { logName, MANIFEST, type Manifest, numberIn, readManifest, runName } from './manifest.ts'
import { replayLogs } from './replay.ts'
import { Run } from './run.ts'
import type { Sizes } from './sizes.ts'
import { makeLog } from './supply.ts'
import { TableIds } from './table-ids.ts'

export type OpenStore = {
  readonly ids: TableIds
  readonly ledger: Ledger
  readonly levels: Levels
  /** The parts of the log whose rows are in memory, oldest first; the last is the one that is written. */
  readonly parts: LogPart[]
  readonly log: Log
}

/** Opens what is in the folder, or makes a new store where there is none. Its epoch is a new one from then on. */
export async function openStore(
  files: Files,
  newStoreId: () => string,
  sizes: Sizes,
  onLost: OnLost,
  isRepair = false,
): Promise<OpenStore> {
  const found = readManifest(files)
  if (found === undefined) assertNothingOfAStore(files)
  if (found?.isBeingRepaired === true && !isRepair)
    throw new DamageError(`${files.path}/${MANIFEST}`, 'says that a repair did not come to its end')
  const manifest = found ?? (await makeStore(files, newStoreId(), sizes))
  const ids = new TableIds(manifest.tables)
  const ours = { ...manifest, epoch: manifest.epoch + 1, tables: ids.names }
  const ledger = await Ledger.start(files, ours, onLost)
  const levels = openLevels(files, ledger.manifest)
  try {
    const end = openLog(files, ledger.manifest, ids)
    await end.log.open()
    await tidy(files, ledger.manifest)
    return { ids, ledger, levels, ...end }
  } catch (error) {
    levels.close()
    throw error
  }
}

async function makeStore(files: Files, storeId: string, { firstPartBytes }: Sizes): Promise<Manifest> {
  await makeLog(files, 1, firstPartBytes)
  const logs = [{ number: 1, bytes: firstPartBytes }]
  return { storeId, epoch: 0, tables: [], nextFile: 2, logs, firstCommit: 1, runs: [] }
}

function openLevels(files: Files, { runs, storeId }: Manifest): Levels {
  const open: Run[] = []
  try {
    for (const info of runs) open.push(new Run(files, info, storeId))
    return new Levels(open)
  } catch (error) {
    for (const run of open) run.close()
    throw error
  }
}

function openLog(files: Files, manifest: Manifest, ids: TableIds): { parts: LogPart[]; log: Log } {
  const end = replayLogs(files, manifest)
  const parts = end.tables.slice(0, end.index + 1).flatMap((table, index) => {
    const info = manifest.logs[index]
    return info === undefined ? [] : [{ info, table, firstCommit: end.firstCommits[index] ?? end.nextCommit }]
  })
  const current = parts.at(-1)
  if (current === undefined) throw new DamageError(`${files.path}/${MANIFEST}`, 'names no log')
  const place = { storeId: Buffer.from(manifest.storeId, 'hex'), epoch: manifest.epoch }
  return { parts, log: new Log({ files, ...place, idOf: ids.of }, current, end.position, end.nextCommit) }
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
