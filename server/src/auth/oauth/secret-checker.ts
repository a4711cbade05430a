import { verify } from '@node-rs/argon2'
import type { SharedFigures } from '../../observe/observe.ts'
import { isSha256Hash, matchesSha256, SECRET_CHARACTERS_MAX } from '../directory/hash-secret.ts'
import { FairQueue } from '../fair-queue.ts'
import { OAuthError } from './oauth-error.ts'

// Argon2 runs on the process's four worker threads, which files and signatures need as well: half is for it.
const RUNNING_MAX = 2
const WAITING_MAX = 256

/** Compares secrets with their hashes, off the main thread where that costs something. */
export interface SecretChecker {
  /**
   * Whether `hashed` is of `secret`.
   *
   * @param place who asks, for taking turns: an address or its network
   * @throws OAuthError `temporarily_unavailable` when too many wait already: each holds as much memory as its
   * hash was made with, and would be answered too late. Nobody waits behind all that one place asks.
   */
  matches(secret: string, hashed: string, place: string): Promise<boolean>
  /** Of the secrets that are being compared, or wait for it. */
  figures(): SharedFigures
}

type Bounds = { readonly runningMax?: number; readonly waitingMax?: number }

export function createSecretChecker({
  runningMax = RUNNING_MAX,
  waitingMax = WAITING_MAX,
}: Bounds = {}): SecretChecker {
  const queue = new FairQueue({ runningMax, waitingMax })

  return {
    async matches(secret, hashed, place) {
      if (secret.length > SECRET_CHARACTERS_MAX) return false
      if (isSha256Hash(hashed)) return matchesSha256(secret, hashed)
      const checking = queue.run(place, () => verify(hashed, secret))
      if (checking === undefined)
        throw new OAuthError('temporarily_unavailable', 'Too many are signing in now.', {
          retryAfterSeconds: 5,
        })
      return checking
    },
    figures: () => queue.figures,
  }
}
