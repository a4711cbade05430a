import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DATA_FILE } from '../lmdb/last-release.ts'
import { DamageError } from './damage.ts'
import { MANIFEST } from './manifest.ts'

/** What a folder may hold although there never was a store in it. */
const BEFORE_THE_FIRST = /^(lock|lock\.mdb|owner|.*\.tmp|manifest\.copy|0*1\.log)$/

/**
 * A store that is empty or gone must not be taken for one that was never made: a server that starts with nothing
 * looks well.
 *
 * @param keptBeside name of a file of the data folder that only comes into being after the store
 * @throws DamageError
 */
export function assertNothingIsMissing(dataDir: string, folder: string, keptBeside: string): void {
  const missing = whatIsMissing(dataDir, folder, keptBeside)
  if (missing !== undefined) throw new DamageError(join(folder, MANIFEST), missing)
}

/** `undefined`: nothing is. */
export function whatIsMissing(dataDir: string, folder: string, keptBeside: string): string | undefined {
  if (!existsSync(join(dataDir, keptBeside)) || existsSync(join(folder, MANIFEST))) return undefined
  const old = statSync(join(folder, DATA_FILE), { throwIfNoEntry: false })
  if (old?.size === 0)
    return `is missing, and ${DATA_FILE} beside it is empty, though there is a ${keptBeside}`
  if (old !== undefined || !isEmpty(folder)) return undefined
  return `is missing, though the ${keptBeside} in ${dataDir} shows that there was a store`
}

function isEmpty(folder: string): boolean {
  return !existsSync(folder) || readdirSync(folder).every((name) => BEFORE_THE_FIRST.test(name))
}
