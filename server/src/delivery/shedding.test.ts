import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BACKEND, openDelivery, register } from '../../../test/helpers/delivery-scene.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'
import { parseSendEvent } from './delivery.ts'

const REFUSED = { code: 'unavailable', retryAfterSeconds: 2 }

/** A command whose event is so large. */
function command(masks: readonly string[], bytes: number) {
  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z', text: 'x'.repeat(bytes) }
  return parseSendEvent(Buffer.from(JSON.stringify({ userId: 'bob', qos: 1, event, masks })))
}

it('a busy server refuses dear masks, an overloaded one all of them, and sends what has none', async () => {
  const quotas = noLimits({ shedLagMs: 500 })
  const scene = await openDelivery(quotas)
  await register(scene, 'phone')
  const plain = command([], 60_000)
  const masked = command(['$.text'], 100)
  const dear = command(['$.text', '$.a', '$.b'], 60_000)
  const send = async (sent: typeof plain) => (await scene.delivery.sendEvent(BACKEND, sent)).count
  const lag = (lagMs: number) => {
    for (const atMs of [0, 100]) quotas.shedding.observe({ atMs, lagMs, writePercent: 0 })
  }
  for (const sent of [plain, masked, dear]) assert.equal(await send(sent), 1)
  lag(600)
  assert.deepEqual([await send(plain), await send(masked)], [1, 1])
  await assert.rejects(send(dear), REFUSED)
  lag(1_200)
  assert.equal(await send(plain), 1)
  await assert.rejects(send(masked), REFUSED)
  await assert.rejects(send(dear), REFUSED)
  await scene.delivery.drain()
  await scene.store.close()
})
