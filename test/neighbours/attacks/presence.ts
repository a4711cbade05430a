import type { Attack } from '../attack.ts'
import { NO_BILL, NO_SHARES, NO_TURNS, type Plant } from '../plants.ts'
import { flood, statusOf } from '../tools.ts'

const ENDPOINTS = 100

/** Who is named a thousand times is looked up a thousand times. */
const EACH_TIME: Plant = {
  file: 'http/routes/presence.js',
  find: '[...new Map(keys.map((key) => [key.userId, key])).values()]',
  put: 'keys',
}

/** One user, a hundred endpoints, asked for a thousand times in one request. */
export const attack: Attack = {
  name: 'presence',
  protects: 'a presence request costs its caller what it takes, however often it names one user',
  isMeasured: true,
  without: { env: { ...NO_BILL, ...NO_SHARES }, plants: [NO_TURNS, EACH_TIME] },
  async run(target, signal) {
    const { token, username } = target.mallory
    for (let index = 0; index < ENDPOINTS; index++)
      await statusOf(target, token, 'POST /rtc-api/users/endpoints/register', {
        userEndpointId: `endpoint-${index}`,
        keepAliveSeconds: 600,
      })
    const body = { userIds: Array.from({ length: 1000 }, () => username) }
    const ask = () => statusOf(target, target.backendToken, 'POST /rtc-api/users/presence', body)
    return flood(100, signal, ask)
  },
}
