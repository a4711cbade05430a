import { DamageError } from '../disk/damage.ts'
import type { ReadableFiles } from '../disk/files.ts'
import { logName, MANIFEST, type Manifest, readManifest } from '../disk/manifest.ts'
import { replayLogs } from '../disk/replay.ts'
import { Run } from '../disk/run.ts'
import type { Pace } from './pace.ts'

/**
 * Opens the files of a store, and reads every row of them.
 *
 * @param lastCommit that it must have: where a log ends too early, its end alone does not tell
 * @throws DamageError at the first file that is missing or not as it was written
 */
export async function checkCopy(files: ReadableFiles, lastCommit: number, pace: Pace): Promise<Manifest> {
  const manifest = readManifest(files)
  if (manifest === undefined) throw new DamageError(`${files.path}/${MANIFEST}`, 'is missing')
  const { nextCommit } = replayLogs(files, manifest)
  if (nextCommit - 1 !== lastCommit)
    throw new DamageError(
      `${files.path}/${logName(manifest.logs.at(-1)?.number ?? 0)}`,
      `ends with commit ${nextCommit - 1} instead of ${lastCommit}`,
    )
  for (const info of manifest.runs) {
    const run = new Run(files, info, manifest.storeId)
    try {
      for (const block of run.blocks) await pace(run.readChecked(block).length)
    } finally {
      run.close()
    }
  }
  return manifest
}
