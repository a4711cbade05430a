import type { Attack } from '../attack.ts'
import { flood, statusOf } from '../tools.ts'

/** More history than there is room for, all in one's own organization. */
export const attack: Attack = {
  name: 'history',
  // The victim asks for its first event at the end: `judgeLosses`.
  protects: 'a flood of events pushes out its own history only',
  env: { HISTORY_BYTES_MAX: '16777216' },
  async run(target, signal) {
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z', text: 'x'.repeat(60_000) }
    const body = { userId: 'mallory', qos: 0, event }
    await statusOf(target, target.mallory.token, 'POST /rtc-api/users/endpoints/register', {
      keepAliveSeconds: 600,
    })
    const send = () => statusOf(target, target.backendToken, 'POST /rtc-api/users/endpoints/sendEvent', body)
    return flood(8, signal, send)
  },
}
