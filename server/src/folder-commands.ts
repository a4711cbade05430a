import type { Clock } from './clock/clock.ts'
import { SEALING_KEY_FILE } from './masks/masks.ts'
import { backUpFolder, restoreFolder } from './server.ts'

const MIB = 1024 * 1024
const TOLD_EVERY_MS = 2_000

export type BackUpCommand = {
  readonly dataDir: string
  readonly target: string
  /** How fast it copies, and how fast it reads the copy back, MiB a second. */
  readonly rateMib: number
  readonly withKeys: boolean
  readonly clock: Clock
  /** Gets lines that tell how far it is. */
  readonly say: (line: string) => void
}

/**
 * Takes a backup of a data folder that a server may be using.
 *
 * @returns what there is to say at the end
 * @throws Error when it cannot be done
 */
export async function backUpData({
  dataDir,
  target,
  rateMib,
  withKeys,
  clock,
  say,
}: BackUpCommand): Promise<string> {
  const bytesPerSecond = rateMib * MIB
  let toldAtMs = clock.monotonicMs()
  const report = await backUpFolder({
    ...{ dataDir, target, clock, bytesPerSecond, withKeys, keyFiles: [SEALING_KEY_FILE] },
    onProgress({ files, filesTotal, bytes }) {
      if (clock.monotonicMs() - toldAtMs < TOLD_EVERY_MS) return
      toldAtMs = clock.monotonicMs()
      say(`${files} of ${filesTotal} files, ${mib(bytes)} MiB`)
    },
  })
  const kept = report.filesKept === 0 ? '' : ` (${report.filesKept} were there from an earlier try)`
  return `The backup is complete: ${report.files === 1 ? '1 file' : `${report.files} files`}${kept}, ${mib(report.bytes)} MiB, the state of ${textOf(report.takenAtWallMs)}.
Every row of it was read back and checked.
${keysTaken(report.keyFiles)}
`
}

/**
 * Makes a data folder of a backup.
 *
 * @returns what there is to say at the end
 * @throws Error when it cannot be done
 */
export async function restoreData(options: {
  readonly backup: string
  readonly target: string
  readonly clock: Clock
}): Promise<string> {
  const { takenAtWallMs, bytes, keyFiles } = await restoreFolder(options)
  const keys = keyFiles.includes(SEALING_KEY_FILE)
    ? ''
    : `The backup has no ${SEALING_KEY_FILE}: put it there, or set SEALING_KEY, before the server starts.\n`
  return `${options.target} has the state of ${textOf(takenAtWallMs)}: ${mib(bytes)} MiB. Every row of it was read back and checked.
${keys}Start the server with DATA_DIR=${options.target}. Revocations since then have to be repeated.
`
}

function keysTaken(names: readonly string[]): string {
  if (names.length === 0)
    return `It has no key file: without ${SEALING_KEY_FILE}, or SEALING_KEY, nobody can read masked events that wait in it.`
  return `It has ${names.join(', ')} too, for its owner alone (0600): who has the backup can read everything in it, masked events that wait too.`
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1)
}

function textOf(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
