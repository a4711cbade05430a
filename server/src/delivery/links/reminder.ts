import { KEEP_ALIVE_REQUESTED, type KeepAliveRequestedEvent } from '@rollcall/protocol/event'
import type { Registration } from '../../store/store.ts'

/** The bytes of a keepalive reminder. Times are wall-clock. */
export function reminderBytes(
  registration: Pick<Registration, 'userId' | 'userEndpointId' | 'keepAliveSeconds' | 'remainingMs'>,
  nowWallMs: number,
  id: string,
): Buffer {
  const { userId, userEndpointId, keepAliveSeconds, remainingMs } = registration
  const event: KeepAliveRequestedEvent = {
    id,
    type: KEEP_ALIVE_REQUESTED,
    timestamp: new Date(nowWallMs).toISOString(),
    userId,
    userEndpointId,
    keepAliveSeconds,
    expiresAt: new Date(nowWallMs + remainingMs).toISOString(),
  }
  return Buffer.from(JSON.stringify(event))
}
