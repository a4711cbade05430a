import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { post } from '../helpers/ask.ts'
import { eventsOf, openStream } from '../helpers/event-stream.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'

async function opened(t: TestContext) {
  const fixture = await openHttp(t)
  const url = await fixture.listen()
  await post(url, ENDPOINTS, { userEndpointId: 'phone', keepAliveSeconds: 3_600 })
  const reader = await openStream(url, { token: 'alice', userEndpointId: 'phone' })
  await reader.until(({ messages }) => messages[0])
  const link = fixture.delivery.attached.get('phone')
  assert(link)
  return { ...fixture, url, reader, link }
}

test('a stream is not stuck because the process was', async (t) => {
  const { clock, reader, link, closedLinks } = await opened(t)
  reader.pause()
  const event = { payload: Buffer.from(JSON.stringify({ filling: 'x'.repeat(60_000) })), qos: 0 as const }
  for (let refused = 0; refused < 20; await new Promise((resolve) => setImmediate(resolve)))
    refused = link.send(event) ? 0 : refused + 1
  await clock.advance(16_000)
  await clock.stall(120_000)
  await clock.advance(1_000)
  assert.deepEqual(closedLinks, [])
  await clock.advance(60_000)
  assert.deepEqual(closedLinks, ['socket_stuck'], 'one that takes nothing ends as ever')
})

test('an acknowledgement that lay in the socket while the process stood still is in time', async (t) => {
  const { clock, url, reader, link, closedLinks } = await opened(t)
  const acknowledged = () => undefined
  for (let sequence = 1; sequence <= 64; sequence++)
    link.send({ payload: Buffer.from('{}'), qos: 1, sequence, acknowledged })
  const [first] = await reader.until((read) => eventsOf(read).length === 64 && eventsOf(read))
  await clock.advance(40_000)
  await clock.stall(120_000)
  await clock.advance(1_000)
  assert.deepEqual(closedLinks, [])
  await post(url, `${ENDPOINTS}/phone/events/acknowledge`, { ids: [first?.id] })
  await clock.advance(60_000)
  assert.deepEqual(closedLinks, [])
  reader.destroy()
})
