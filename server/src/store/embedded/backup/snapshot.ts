import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../../clock/clock.ts'
import { DamageError } from '../disk/damage.ts'
import type { ReadableFiles } from '../disk/files.ts'
import { logName, MANIFEST, type Manifest, readManifest, runName } from '../disk/manifest.ts'
import { readWhole } from '../disk/read-whole.ts'
import { replayLogs } from '../disk/replay.ts'
import { Run } from '../disk/run.ts'
import { PinnedFiles } from './pinned-files.ts'

/** Times that it is tried to see the store between two changes of what it consists of. */
const TRIES_MAX = 100
const RETRY_MS = 20

/** A store as it was at one moment, though it goes on. */
export type Snapshot = {
  /** Names no more parts of the log than there are commits for. */
  readonly manifest: Manifest
  readonly runs: readonly Run[]
  readonly logs: readonly { readonly name: string; readonly bytes: Buffer }[]
  /** How many commits it has seen. */
  readonly lastCommit: number
  close(): void
}

/**
 * Takes a snapshot of a store whose owner may be writing it. It has all that was confirmed before this was called,
 * and nothing after a commit without that commit.
 *
 * Runs never change: holding them open keeps them. Parts of the log are read whole, the oldest first, and then the
 * manifest again: while it says the same, no part was emptied and used again (the numbers of commits would show that
 * too), and records were only added at the end. One that was written while its part was being read may be missing before a later one that is there; that
 * looks like damage, and is none when it is gone at the next look.
 *
 * @throws Error when there is no store
 * @throws DamageError when a file is missing or not as it was written
 */
export async function takeSnapshot(files: ReadableFiles, clock: Pick<Clock, 'sleep'>): Promise<Snapshot> {
  if (files.sizeOf(MANIFEST) === undefined) throw new Error(`There is no store in ${files.path}.`)
  const pinned = new PinnedFiles(files)
  try {
    const seen = await look(files, pinned, clock)
    const runs = seen.manifest.runs.map((info) => new Run(pinned, info, seen.manifest.storeId))
    return { ...seen, runs, close: () => pinned.close() }
  } catch (error) {
    pinned.close()
    throw error
  }
}

type Seen = Pick<Snapshot, 'manifest' | 'logs' | 'lastCommit'>

async function look(files: ReadableFiles, pinned: PinnedFiles, clock: Pick<Clock, 'sleep'>): Promise<Seen> {
  let failure = new Error(`The store in ${files.path} changes too fast to be copied now.`)
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (tries > 0) await clock.sleep(RETRY_MS)
    try {
      const seen = lookOnce(files, pinned)
      if (seen !== undefined) return seen
    } catch (error) {
      // What is wrong now may only have changed while it was read. What stays wrong is.
      if (!(error instanceof DamageError)) throw error
      failure = error
    }
  }
  throw failure
}

/** `undefined`: the store went on meanwhile. */
function lookOnce(files: ReadableFiles, pinned: PinnedFiles): Seen | undefined {
  const manifest = readManifest(files)
  if (manifest === undefined) throw new DamageError(`${files.path}/${MANIFEST}`, 'is missing')
  pinned.hold(manifest.runs.map(({ number }) => runName(number)))
  pinned.read(manifest.logs.map(({ number }) => logName(number)))
  const seen = seenIn(pinned, manifest)
  return isDeepStrictEqual(readManifest(files), manifest) ? seen : undefined
}

function seenIn(pinned: PinnedFiles, manifest: Manifest): Seen {
  const { index, position, nextCommit } = replayLogs(pinned, manifest)
  const infos = manifest.logs.slice(0, index + 1)
  const logs = infos.map(({ number }) => ({
    name: logName(number),
    bytes: readWhole(pinned, logName(number)),
  }))
  // What lies behind the end is a write that is under way, or left over.
  logs.at(-1)?.bytes.fill(0, position)
  return { manifest: { ...manifest, logs: infos }, logs, lastCommit: nextCommit - 1 }
}
