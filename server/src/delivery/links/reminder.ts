import { KEEP_ALIVE_REQUESTED, type KeepAliveRequestedEvent } from '@rollcall/protocol/event'
import type { Registration } from '../../store/store.ts'

/** The bytes of a keepalive reminder. Times are wall-clock. */
export function reminderBytes(
  registration: Registration,
  times: { readonly nowWallMs: number; readonly expiresAtWallMs: number },
  id: string,
): Buffer {
  const { userId, userEndpointId, keepAliveSeconds } = registration
  const event: KeepAliveRequestedEvent = {
    id,
    type: KEEP_ALIVE_REQUESTED,
    timestamp: new Date(times.nowWallMs).toISOString(),
    userId,
    userEndpointId,
    keepAliveSeconds,
    expiresAt: new Date(times.expiresAtWallMs).toISOString(),
  }
  return Buffer.from(JSON.stringify(event))
}
