import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../../clock/clock.ts'

/** How long a store that is away is tried, and how often; milliseconds. A replica takes over within five seconds. */
const TRIED_FOR_MS = 10_000
const TRY_AGAIN_MS = 500

/**
 * Tries for some seconds where all that is left otherwise is to close the connection, because the store is away for a moment: all
 * others would be closed with it, and come back together. Only for what may be done twice.
 *
 * @param isStill whether anybody still wants to know
 * @throws RollcallError `unavailable` where the store stays away, or nobody does; whatever else `act` throws, at once
 */
export async function whileAway<T>(
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
  isStill: () => boolean,
  act: () => Promise<T>,
): Promise<T> {
  const untilMs = clock.monotonicMs() + TRIED_FOR_MS
  for (;;) {
    try {
      return await act()
    } catch (error) {
      const isAway = error instanceof RollcallError && error.code === 'unavailable'
      if (!isAway || !isStill() || clock.monotonicMs() >= untilMs) throw error
    }
    await clock.sleep(TRY_AGAIN_MS)
  }
}
