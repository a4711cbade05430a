import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../clock/clock.ts'
import type { RevokedTokenStore } from '../store/store.ts'

const SWEEP_PERIOD_MS = 60_000
const ENTRIES_MAX = 200_000

/** Tokens and sign-ins ended before their time. Asked at every call, so kept in memory, and in the store for the next start. */
export interface RevokedTokens {
  has(key: string): boolean
  /** Refused from now until `untilWallMs`; resolves once that is durable. @throws RollcallError `unavailable` */
  add(key: string, untilWallMs: number): Promise<void>
  /** Idempotent. */
  close(): void
}

/** Reads the list and keeps it short. */
export async function openRevokedTokens(
  store: RevokedTokenStore,
  clock: Pick<Clock, 'every' | 'wallMs'>,
  entriesMax = ENTRIES_MAX,
): Promise<RevokedTokens> {
  const untilByKey = new Map<string, number>()
  for (const { tokenKey, untilWallMs } of await store.list(clock.wallMs()))
    untilByKey.set(tokenKey, untilWallMs)

  const timer = clock.every(SWEEP_PERIOD_MS, () => {
    const nowWallMs = clock.wallMs()
    for (const [key, untilWallMs] of untilByKey) if (untilWallMs <= nowWallMs) untilByKey.delete(key)
  })
  return {
    has: (key) => untilByKey.has(key),
    async add(tokenKey, untilWallMs) {
      // Forgetting one to remember another would bring a revoked token back to life.
      if (untilByKey.size >= entriesMax && !untilByKey.has(tokenKey))
        throw new RollcallError('unavailable', 'Too many tokens are revoked now.', { retryAfterSeconds: 60 })
      untilByKey.set(tokenKey, untilWallMs)
      await store.add({ tokenKey, untilWallMs })
    },
    close: () => timer.cancel(),
  }
}
