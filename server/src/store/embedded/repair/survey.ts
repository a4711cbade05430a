import { DamageError } from '../disk/damage.ts'
import type { Files } from '../disk/files.ts'
import { ownerOf } from '../disk/leftovers.ts'
import {
  logName,
  MANIFEST,
  MANIFEST_COPY,
  type Manifest,
  numberIn,
  readManifest,
  readNewestManifest,
  runName,
} from '../disk/manifest.ts'
import { bad, counted, type Finding, good, orDamage } from './finding.ts'
import { type ReadLog, readLog } from './read-log.ts'
import { readRun } from './read-run.ts'

/** What a folder holds. */
export type Survey = {
  /** What the store consists of; `undefined`: nothing says so any more. */
  readonly manifest: Manifest | undefined
  readonly findings: readonly Finding[]
  readonly log: ReadLog
}

const NO_LOG: ReadLog = { findings: [], tables: [], nextCommit: 1 }

/**
 * Reads every byte of a store that nobody has open, and changes nothing.
 *
 * @throws Error when a newer version wrote it, or when the system refuses
 */
export function surveyStore(files: Files): Survey {
  const { manifest, findings } = findManifest(files)
  if (manifest === undefined) {
    const left = files.list().filter((name) => numberOf(name) !== undefined)
    const lost = left.map((name) => `${name}: nothing says what it was to the store`)
    return {
      manifest,
      findings: [...findings, ...left.map((name, at) => bad(name, 'cannot be told', lost.slice(at, at + 1)))],
      log: NO_LOG,
    }
  }
  const log = readLog(files, manifest)
  const runs = manifest.runs.map((info) => readRun(files, info, manifest, () => {}))
  return { manifest, findings: [...findings, ...log.findings, ...runs, ...foreign(files, manifest)], log }
}

/** Number of a file of the store by its name. */
export function numberOf(name: string): number | undefined {
  return numberIn(name, '.log') ?? numberIn(name, '.rows')
}

function findManifest(files: Files): { manifest: Manifest | undefined; findings: readonly Finding[] } {
  const main = orDamage(() => readNewestManifest(files))
  if (main !== undefined && !(main instanceof DamageError))
    return { manifest: main, findings: [ofManifest(main)] }
  const what = main === undefined ? 'is missing' : main.what
  const copy = orDamage(() => readManifest(files, MANIFEST_COPY))
  if (copy !== undefined && !(copy instanceof DamageError))
    return { manifest: copy, findings: [bad(MANIFEST, `${what}; its copy is fine`, [])] }
  const lost = ['everything: nothing says any more which files belong together']
  return { manifest: undefined, findings: [bad(MANIFEST, `${what}, and so is its copy`, lost)] }
}

function ofManifest({ logs, runs, epoch, isBeingRepaired }: Manifest): Finding {
  if (isBeingRepaired === true) return bad(MANIFEST, 'says that a repair did not come to its end', [])
  const parts = `${counted(logs.length, 'part')} of the log, ${counted(runs.length, 'file')} of rows`
  return good(MANIFEST, `${parts}, start ${epoch}`)
}

/** What another store has written lies here by mistake. What nobody has written for a store is nobody's business. */
function foreign(files: Files, { storeId, logs, runs }: Manifest): readonly Finding[] {
  const ours = new Set([...logs.map((log) => logName(log.number)), ...runs.map((run) => runName(run.number))])
  const others = files.list().filter((name) => {
    if (numberOf(name) === undefined || ours.has(name)) return false
    const owner = orDamage(() => ownerOf(files, name))
    return typeof owner === 'string' && owner !== storeId
  })
  return others.map((name) => bad(name, 'belongs to another store', []))
}
