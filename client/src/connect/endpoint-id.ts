import { isId } from '@rollcall/protocol/id'
import type { ClientRandom, EndpointStorage, LockManagerLike } from '../platform.ts'
import { onAbort } from '../waiting.ts'

export type EndpointIdOptions = {
  readonly storage: EndpointStorage | undefined
  readonly storageKey: string
  readonly locks: LockManagerLike | undefined
  readonly random: ClientRandom
  /** The one that this page has had before. */
  readonly current?: string | undefined
  /** Ends the claim. */
  readonly signal: AbortSignal
}

/**
 * The endpoint's id: the one that was kept, or a new one, which is then kept. A browser copies the storage when a
 * tab is duplicated; the copy must not take the first one's endpoint over, so an id is claimed for as long as the
 * tab uses it, and whoever comes second makes another.
 */
export async function claimEndpointId(options: EndpointIdOptions): Promise<string> {
  const { storage, storageKey, random, current } = options
  const kept = current ?? read(storage, storageKey)
  if (kept !== undefined && (await claim(options, kept))) return kept
  const made = random.uuid()
  if (storage === undefined) return made
  write(storage, storageKey, made)
  await claim(options, made)
  return made
}

/** Whether nobody else has it. Held until the signal is aborted. Without Web Locks nobody knows: `true`. */
function claim({ locks, signal }: EndpointIdOptions, id: string): Promise<boolean> {
  if (locks === undefined) return Promise.resolve(true)
  return new Promise((resolve) => {
    const holding = locks.request(`rollcall.endpoint.${id}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null)
      return lock === null ? Promise.resolve() : aborted(signal)
    })
    // Refused where the page has no origin of its own.
    holding.catch(() => resolve(true))
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    onAbort(signal, resolve)
  })
}

function read(storage: EndpointStorage | undefined, key: string): string | undefined {
  try {
    const kept = storage?.getItem(key)
    return isId(kept) ? kept : undefined
  } catch {
    return undefined
  }
}

function write(storage: EndpointStorage | undefined, key: string, id: string): void {
  try {
    storage?.setItem(key, id)
  } catch {
    // Full, or forbidden: the id then lives as long as the page.
  }
}
