import { verify } from '@node-rs/argon2'
import { isSha256Hash, matchesSha256, SECRET_CHARACTERS_MAX } from './hash-secret.ts'
import { OAuthError } from './oauth-error.ts'

// Argon2 runs on the process's four worker threads, which files and signatures need as well: half is for it.
const RUNNING_MAX = 2
const WAITING_MAX = 256

/** Compares secrets with their hashes, off the main thread where that costs something. */
export interface SecretChecker {
  /**
   * Whether `hashed` is of `secret`.
   *
   * @throws OAuthError `temporarily_unavailable` when too many wait already: each holds as much memory as its
   * hash was made with, and would be answered too late
   */
  matches(secret: string, hashed: string): Promise<boolean>
}

type Bounds = { readonly runningMax?: number; readonly waitingMax?: number }

export function createSecretChecker({
  runningMax = RUNNING_MAX,
  waitingMax = WAITING_MAX,
}: Bounds = {}): SecretChecker {
  const waiting: (() => void)[] = []
  let running = 0

  async function enter(): Promise<void> {
    if (running < runningMax) {
      running++
      return
    }
    if (waiting.length >= waitingMax)
      throw new OAuthError('temporarily_unavailable', 'Too many are signing in now.', {
        retryAfterSeconds: 5,
      })
    await new Promise<void>((resolve) => waiting.push(resolve))
  }

  function leave(): void {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }

  return {
    async matches(secret, hashed) {
      if (secret.length > SECRET_CHARACTERS_MAX) return false
      if (isSha256Hash(hashed)) return matchesSha256(secret, hashed)
      await enter()
      try {
        return await verify(hashed, secret)
      } finally {
        leave()
      }
    },
  }
}
