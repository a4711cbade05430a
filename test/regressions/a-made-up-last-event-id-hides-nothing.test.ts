import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createSealer } from '../../server/src/masks/masks.ts'
import { post } from '../helpers/ask.ts'
import { eventsOf, openStream, type StreamMessage } from '../helpers/event-stream.ts'
import { seededRandom } from '../helpers/fake-clock.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'

/** Opens the phone's stream, which has events 1 and 2 to send, and reads until both were there, or one of them. */
async function scene(test: Parameters<typeof openHttp>[0]) {
  const { listen, delivery } = await openHttp(test)
  const url = await listen()
  await post(url, ENDPOINTS, { userEndpointId: 'phone', keepAliveSeconds: 3_600 })
  const read = async (lastEventId: string, wanted: number): Promise<readonly StreamMessage[]> => {
    const headers = { 'last-event-id': lastEventId }
    const reader = await openStream(url, { token: 'alice', userEndpointId: 'phone', headers })
    await reader.until(({ messages }) => messages[0])
    for (const sequence of [1, 2])
      delivery.attached.get('phone')?.send({ payload: Buffer.from(`{"n":${sequence}}`), qos: 1, sequence })
    const events = await reader.until((so) => eventsOf(so).length === wanted && eventsOf(so))
    reader.destroy()
    return events
  }
  return { read }
}

it('who names an event that there never was, of its own registration, is sent everything', async (test) => {
  const { read } = await scene(test)
  const [first, second] = await read('', 2)
  const [, registration = '', tag = ''] =
    /^([0-9a-z]+)-1-(.{16})$/.exec(first?.id ?? '') ?? assert.fail(first?.id)
  const madeUp = [
    `${registration}-zzzzzzz`,
    `${registration}-zzzzzzz-${tag}`,
    `${registration}-2-${tag}`,
    `${registration}-zzzzzzz-${'A'.repeat(16)}`,
    `0${first?.id}`,
    (second?.id ?? '').replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
  ]
  for (const id of madeUp) assert.equal((await read(id, 2)).length, 2, id)
  assert.deepEqual(
    (await read(first?.id ?? '', 1)).map(({ data }) => data),
    ['{"n":2}'],
    'and one that it was given is believed',
  )
})

it('an id is good at every process of the service, and with the key before this one', () => {
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const random = seededRandom('ids')
  const tag = createSealer(one, random).tag('text')
  assert.match(tag, /^[\w-]{16}$/)
  assert.equal(createSealer(one, random).isTag(tag, 'text'), true)
  assert.equal(createSealer(one, random).isTag(tag, 'texts'), false)
  assert.equal(createSealer(other, random).isTag(tag, 'text'), false)
  assert.equal(createSealer(other, random, one).isTag(tag, 'text'), true)
  for (const made of ['', 'x', `${tag}A`, 'é'.repeat(16)])
    assert.equal(createSealer(one, random).isTag(made, 'text'), false, made)
})
