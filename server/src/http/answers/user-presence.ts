import type { UserPresence } from '@rollcall/protocol/command'
import type { Registration } from '../../store/store.ts'
import type { HttpServices } from '../services.ts'

/** Whether somebody is there, as those see it who may. */
export function userPresence(
  { delivery }: Pick<HttpServices, 'delivery'>,
  userId: string,
  registrations: readonly Registration[],
  seenAtWallMs: number | undefined,
): UserPresence {
  return {
    userId,
    registered: registrations.length,
    connected: registrations.filter((registration) => delivery.isConnected(registration)).length,
    lastSeenAt: seenAtWallMs === undefined ? null : new Date(seenAtWallMs).toISOString(),
  }
}
