import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import type { Clock } from '../../../clock/clock.ts'
import { isRunning, ownIdentity, parseIdentity } from '../disk/process-identity.ts'

const FILE_MODE = 0o600
/** How often the owner touches its file, and how long another waits for that, milliseconds. */
const BEAT_MS = 1_000
const WATCH_MS = 3_500

export type FolderClaim = { release(): void }

export type FolderClaimOptions = {
  /** The file that names the owner. */
  readonly file: string
  readonly clock: Clock
}

/**
 * Makes this process the owner of a data folder in the way of the last release, which then leaves it alone, or
 * throws. What a dead owner left behind is taken over. An owner in another container cannot be seen, so it is
 * known by its beat: it touches the file every second.
 */
export async function claimOldFolder({ file, clock }: FolderClaimOptions): Promise<FolderClaim> {
  const silent = await watchOwner(file, clock)
  const owner = readOwner(file)
  const isSilent = owner !== undefined && owner.text === silent?.text && owner.beatMs === silent.beatMs
  if (owner !== undefined && !isSilent && isRunningOrUnseen(owner)) refuse(file, owner)
  writeFileSync(file, JSON.stringify(ownIdentity()), { mode: FILE_MODE })
  const beating = clock.every(BEAT_MS, () => {
    const now = clock.wallMs() / 1000
    utimes(file, now, now).catch(() => {})
  })
  return {
    release() {
      beating.cancel()
      rmSync(file, { force: true })
    },
  }
}

type Owner = { readonly text: string; readonly beatMs: number }

/** The owner, when it is one that cannot be seen and that did not touch its file for a while. */
async function watchOwner(file: string, clock: Clock): Promise<Owner | undefined> {
  const owner = readOwner(file)
  const identity = parseIdentity(owner?.text ?? '')
  if (owner === undefined || identity === undefined || isRunning(identity) !== 'cannot tell') return undefined
  await clock.sleep(WATCH_MS)
  if (readOwner(file)?.beatMs !== owner.beatMs) refuse(file, owner)
  return owner
}

function readOwner(file: string): Owner | undefined {
  try {
    return { text: readFileSync(file, 'utf8'), beatMs: statSync(file).mtimeMs }
  } catch {
    return undefined
  }
}

function isRunningOrUnseen({ text }: Owner): boolean {
  const identity = parseIdentity(text)
  return identity !== undefined && isRunning(identity) !== 'no'
}

function refuse(file: string, { text }: Owner): never {
  const identity = parseIdentity(text)
  throw new Error(
    `The data folder is in use by process ${identity?.pid ?? 'unknown'} (${file}). Stop it first, or choose another folder.`,
  )
}
