import assert from 'node:assert/strict'
import type { Attack } from '../attack.ts'
import { NO_SHARES, type Plant } from '../plants.ts'
import type { Scene } from '../scene.ts'
import { flood, statusOf } from '../tools.ts'
import type { Victim } from '../victim.ts'

/** So few that a busy machine makes as many in two seconds. */
const FEW: Plant = {
  file: 'config/keys.js',
  find: "[1_000_000, 1_000, 100_000_000], 'Answers",
  put: "[1_000_000, 20, 100_000_000], 'Answers",
}

/** More idempotency keys than are remembered. */
export const attack: Attack = {
  name: 'idempotency',
  protects: 'a flood of idempotency keys makes nobody else send twice',
  without: { env: NO_SHARES },
  plants: [FEW],
  env: { IDEMPOTENCY_KEYS_MAX: '40' },
  async prepare(scene, victim) {
    for (const qos of [0, 1]) firstIds.set(qos, await sendWithKey(scene, victim, qos))
  },
  async run(target, signal) {
    const { token } = target.mallory
    await statusOf(target, token, 'POST /rtc-api/users/endpoints/register', { keepAliveSeconds: 600 })
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z' }
    return flood(16, signal, (index) => {
      const body = { userId: 'mallory', qos: index % 2, event, collapseKey: 'one' }
      const headers = { 'idempotency-key': `key-${index}` }
      return statusOf(target, token, 'POST /rtc-api/users/endpoints/sendEvent', body, headers)
    })
  },
  async judge(scene, victim) {
    for (const qos of [0, 1])
      assert.equal(await sendWithKey(scene, victim, qos), firstIds.get(qos), `QoS ${qos}: sent twice`)
  },
}

const firstIds = new Map<number, string | null>()

async function sendWithKey({ server }: Scene, { backendToken }: Victim, qos: number): Promise<string | null> {
  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z' }
  const response = await fetch(`${server.url}/rtc-api/users/endpoints/sendEvent`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${backendToken}`,
      'content-type': 'application/json',
      'idempotency-key': `the-victims-own-${qos}`,
    },
    body: JSON.stringify({ userId: 'nobody', qos, event }),
  })
  assert.equal(response.status, 200, await response.text())
  return response.headers.get('event-id')
}
