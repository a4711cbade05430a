import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { generate, type IPublishPacket } from 'mqtt-packet'
import { type MqttFixture, openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { openRaw, type RawLink } from '../../../../test/helpers/raw-link.ts'
import type { SendResult } from '../../delivery/delivery.ts'

type Version = 4 | 5
type Context = Parameters<typeof openRaw>[0]

const TOKEN = 'backend.access.token'
const TOPIC = 'users/events'
const RESPONSES = 'users/events/responses/r1'
const PINGREQ = Buffer.from([0xc0, 0])

function body(n: number | string = 1, more: object = {}): string {
  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z', n }
  return JSON.stringify({ userId: 'bob', qos: 1, event, ...more })
}

async function connected(
  t: Context,
  fixture: MqttFixture,
  version: Version,
  properties: object = {},
): Promise<RawLink> {
  const link = await openRaw(t, fixture.tcpPort)
  const credentials = { username: 'acme', password: Buffer.from(TOKEN), clientId: 'b', clean: true }
  const packet = { cmd: 'connect', protocolVersion: version, ...credentials, properties } as const
  link.send(generate(packet, { protocolVersion: version }))
  await packetOf(link)
  return link
}

async function backend(t: Context, version: Version, properties: object = {}) {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'acme', { clientId: 'acme' })
  return { fixture, link: await connected(t, fixture, version, properties) }
}

function publish(link: RawLink, version: Version, packet: Partial<IPublishPacket> = {}): void {
  const plain = { topic: TOPIC, payload: body(), qos: 1, dup: false, retain: false, messageId: 7 } as const
  link.send(generate({ cmd: 'publish', ...plain, ...packet }, { protocolVersion: version }))
}

async function packetOf(link: RawLink): Promise<Buffer> {
  const head = await link.read(2)
  let length = (head[1] ?? 0) & 0x7f
  const more = (head[1] ?? 0) >= 0x80 ? await link.read(1) : Buffer.alloc(0)
  if (more.length > 0) length += (more[0] ?? 0) << 7
  return Buffer.concat([head, more, await link.read(length)])
}

async function hexOf(link: RawLink): Promise<string> {
  return (await packetOf(link)).toString('hex')
}

/** Events that end when and how the test says. */
function heldBack({ delivery }: MqttFixture) {
  const ends = new Map<unknown, { resolve(result: SendResult): void; reject(error: Error): void }>()
  delivery.onSend = ({ event }) =>
    new Promise((resolve, reject) => ends.set(event.value['n'], { resolve, reject }))
  return {
    ends,
    async settle(n: number, how: SendResult | Error = { count: 1, eventId: `e-${n}` }) {
      while (!ends.has(n)) await new Promise((resolve) => setImmediate(resolve))
      if (how instanceof Error) ends.get(n)?.reject(how)
      else ends.get(n)?.resolve(how)
    },
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

for (const version of [4, 5] as const) {
  test(`MQTT ${version}: PUBACKs wait for their events, and keep the order of the PUBLISH packets`, async (t) => {
    const { fixture, link } = await backend(t, version)
    const { ends, settle } = heldBack(fixture)
    for (const n of [1, 2, 3]) publish(link, version, { payload: body(n), messageId: n })
    await settle(3)
    await settle(2)
    assert.equal(ends.size, 3, 'all are under way at once')
    link.send(PINGREQ)
    assert.equal(await hexOf(link), 'd000')
    await settle(1)
    assert.deepEqual(
      [await hexOf(link), await hexOf(link), await hexOf(link)],
      ['40020001', '40020002', '40020003'],
    )
    assert.deepEqual(fixture.delivery.sent.map(({ caller, command }) => [caller, command.userId]).at(-1), [
      'acme',
      'bob',
    ])
  })

  test(`MQTT ${version}: QoS 0 is not answered`, async (t) => {
    const { fixture, link } = await backend(t, version)
    publish(link, version, { qos: 0 })
    link.send(PINGREQ)
    assert.equal(await hexOf(link), 'd000')
    assert.equal(fixture.delivery.sent.length, 1)
  })
}

test('no more than 64 are under way; the others wait in the socket', async (t) => {
  const { fixture, link } = await backend(t, 5)
  const { ends, settle } = heldBack(fixture)
  for (let n = 1; n <= 70; n++) publish(link, 5, { payload: body(n), messageId: n })
  await settle(64)
  await turns()
  assert.equal(ends.size, 64)
  await settle(1)
  assert.equal(await hexOf(link), '40020001')
  await settle(65)
  assert.equal(ends.size, 65)
})

test('a keepalive is answered after the events before it', async (t) => {
  const { fixture, link } = await backend(t, 5)
  fixture.registrar.add('acme', 'self')
  const { settle } = heldBack(fixture)
  publish(link, 5, { payload: body(1), messageId: 1 })
  publish(link, 5, { topic: 'users/endpoints/self/keepalive', messageId: 2 })
  await turns()
  assert.deepEqual(fixture.registrar.keptAlive, [])
  await settle(1)
  assert.deepEqual([await hexOf(link), await hexOf(link)], ['40020001', '40020002'])
})

test('MQTT 5 is told when nobody is there, and why not', async (t) => {
  const { fixture, link } = await backend(t, 5)
  fixture.delivery.onSend = async () => ({ count: 0, eventId: 'e' })
  publish(link, 5)
  assert.equal(await hexOf(link), '4003000710')
  for (const [payload, reasonCode, start] of [
    ['{', 0x99, 'malformed_json: '],
    ['{}', 0x83, 'invalid_request: userId: '],
    [body('x'.repeat(65_536)), 0x83, 'event_too_large: '],
  ] as const) {
    publish(link, 5, { payload })
    const packet = await packetOf(link)
    assert.deepEqual([...packet.subarray(2, 5)], [0, 7, reasonCode])
    // Length of the properties, Reason String, its length.
    assert.equal(packet[6], 0x1f)
    assert.equal(packet.toString('utf8', 9, 9 + start.length), start)
  }
  fixture.delivery.onSend = async () => {
    throw new RollcallError('unavailable')
  }
  publish(link, 5)
  assert.equal((await packetOf(link))[4], 0x80)
  assert.deepEqual(fixture.refused, ['malformed_json', 'invalid_request', 'event_too_large', 'unavailable'])
})

test('a fault is logged and answered as one', async (t) => {
  const { fixture, link } = await backend(t, 5)
  fixture.delivery.onSend = () => Promise.reject(new Error('secret'))
  publish(link, 5)
  const packet = await packetOf(link)
  assert.equal(packet[4], 0x80)
  assert(!packet.includes('secret'))
  assert.match(fixture.lines.join(''), /an event could not be sent/)
})

for (const [what, properties] of [
  ['does not want them', { requestProblemInformation: false }],
  ['takes only small packets', { maximumPacketSize: 26 }],
] as const)
  test(`a client that ${what} gets no reasons in words`, async (t) => {
    const { link } = await backend(t, 5, properties)
    publish(link, 5, { payload: '{' })
    assert.equal(await hexOf(link), '4003000799')
  })

const FULL = new RollcallError('mailbox_full')
const DOWN = new RollcallError('unavailable')

for (const [version, qos, outcome, expected] of [
  [4, 1, '{', ''],
  [4, 0, '{', ''],
  [5, 0, '{', 'e00183'],
  [4, 1, DOWN, ''],
  [4, 1, FULL, '40020007d000'],
  [4, 0, FULL, 'd000'],
  [4, 0, DOWN, 'd000'],
  [5, 0, DOWN, 'd000'],
] as const)
  test(`without a word for no: MQTT ${version}, QoS ${qos}, ${outcome instanceof RollcallError ? outcome.code : 'a bad body'}`, async (t) => {
    const { fixture, link } = await backend(t, version)
    fixture.delivery.onSend = async () => {
      if (outcome instanceof RollcallError) throw outcome
      return { count: 1, eventId: 'e' }
    }
    publish(link, version, { qos, payload: outcome instanceof RollcallError ? body() : outcome })
    const isClosed = !expected.endsWith('d000')
    if (!isClosed) {
      await turns()
      link.send(PINGREQ)
    }
    const got = isClosed ? await link.rest() : await link.read(expected.length / 2)
    assert.equal(got.toString('hex'), expected)
    assert.equal(fixture.refused.length, 1)
  })

test('what was done before a refusal is acknowledged before the connection closes', async (t) => {
  const { fixture, link } = await backend(t, 4)
  const { settle } = heldBack(fixture)
  publish(link, 4, { payload: body(1), messageId: 1 })
  publish(link, 4, { payload: '{', messageId: 2 })
  publish(link, 4, { payload: body(3), messageId: 3 })
  await settle(3)
  await settle(1)
  assert.equal((await link.rest()).toString('hex'), '40020001')
  assert.deepEqual(fixture.closed, ['event_refused'])
})

function responseText(packet: Buffer): { topic: string; properties: string; payload: string } {
  const topicAt = (packet[1] ?? 0) < 0x80 ? 4 : 5
  const propertiesAt = topicAt + packet.readUInt16BE(topicAt - 2)
  const payloadAt = propertiesAt + 1 + (packet[propertiesAt] ?? 0)
  return {
    topic: packet.toString('utf8', topicAt, propertiesAt),
    properties: packet.toString('hex', propertiesAt + 1, payloadAt),
    payload: packet.toString('utf8', payloadAt),
  }
}

function subscribe(link: RawLink, topic: string): void {
  const subscriptions = [{ topic, qos: 1 as const }]
  link.send(generate({ cmd: 'subscribe', messageId: 9, subscriptions }, { protocolVersion: 5 }))
}

test('results come on the response topic that was subscribed to, with what they are known by', async (t) => {
  const { fixture, link } = await backend(t, 5)
  subscribe(link, RESPONSES)
  assert.equal(await hexOf(link), '900400090000')
  const properties = { responseTopic: RESPONSES, correlationData: Buffer.from([1, 2]) }
  publish(link, 5, { properties })
  assert.equal(await hexOf(link), '40020007')
  assert.deepEqual(responseText(await packetOf(link)), {
    topic: RESPONSES,
    properties: '0900020102',
    payload: '{"count":1,"eventId":"e-1"}',
  })
  publish(link, 5, { qos: 0, payload: '{}', properties: { responseTopic: RESPONSES } })
  const { payload } = responseText(await packetOf(link))
  assert.deepEqual(Object.keys(JSON.parse(payload)).sort(), ['error', 'event', 'message', 'userId'])
  // Without a subscription nothing comes, and nothing is closed.
  link.send(
    generate({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: [RESPONSES] }, { protocolVersion: 5 }),
  )
  assert.equal(await hexOf(link), 'b00400090000')
  publish(link, 5, { properties: { responseTopic: RESPONSES } })
  assert.equal(await hexOf(link), '40020007')
  link.send(PINGREQ)
  assert.equal(await hexOf(link), 'd000')
  for (const responseTopic of ['users/endpoints/phone', 'user/bob/phone', 'users/events', 'a'])
    await refusesResponseTopic(link, responseTopic)
  assert.equal(fixture.delivery.sent.length, 2)
})

async function refusesResponseTopic(link: RawLink, responseTopic: string): Promise<void> {
  publish(link, 5, { properties: { responseTopic } })
  const packet = await packetOf(link)
  assert.equal(packet[4], 0x83)
  assert(packet.includes('responseTopic'))
}

test('a result names the event that may be delivered although it was refused', async (t) => {
  const { fixture, link } = await backend(t, 5)
  subscribe(link, RESPONSES)
  await packetOf(link)
  fixture.delivery.onSend = () =>
    Promise.reject(new RollcallError('unavailable', undefined, { isUndecided: true, eventId: 'e-1' }))
  publish(link, 5, { qos: 0, properties: { responseTopic: RESPONSES } })
  const { payload } = responseText(await packetOf(link))
  assert.deepEqual(JSON.parse(payload), {
    error: 'unavailable',
    eventId: 'e-1',
    message: 'The server cannot serve this now.',
  })
})

test('response topics are for backends, and as many as endpoints', async (t) => {
  const { fixture, link } = await backend(t, 5)
  for (let n = 0; n < 200; n++) {
    subscribe(link, `users/events/responses/${n}`)
    assert.equal((await packetOf(link)).at(-1), 0)
  }
  subscribe(link, RESPONSES)
  assert.equal((await packetOf(link)).at(-1), 0x97)
  subscribe(link, 'users/events/responses/0')
  assert.equal((await packetOf(link)).at(-1), 0)
  fixture.auth.add(TOKEN, 'acme')
  const person = await connected(t, fixture, 5)
  subscribe(person, RESPONSES)
  assert.equal((await packetOf(person)).at(-1), 0x87)
})

test('people publish no events; SERVICE does, until its token ends or is revoked', async (t) => {
  const { fixture } = await backend(t, 5)
  fixture.auth.add(TOKEN, 'acme')
  const person = await connected(t, fixture, 5)
  publish(person, 5)
  assert.equal(await hexOf(person), '4003000787')
  fixture.auth.add(TOKEN, 'acme', { organizationId: null, ttlMs: 1_000 })
  const service = await connected(t, fixture, 5)
  publish(service, 5)
  assert.equal(await hexOf(service), '40020007')
  fixture.auth.revoked.add(TOKEN)
  publish(service, 5)
  assert.equal(await hexOf(service), 'e00187')
  assert.equal(fixture.delivery.sent.length, 1)
})

test('a link that outlives its token, as renewals let it, publishes nothing', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'acme', { clientId: 'acme', ttlMs: -1 })
  fixture.registrar.add('acme', 'self')
  const link = await connected(t, fixture, 5)
  publish(link, 5)
  assert.equal((await packetOf(link))[4], 0x87)
  assert.deepEqual(fixture.delivery.sent, [])
})

test('a connection that ends lets its events run on and is told nothing', async (t) => {
  const { fixture, link } = await backend(t, 5)
  const { settle } = heldBack(fixture)
  for (let n = 1; n <= 63; n++) publish(link, 5, { payload: body(n), messageId: n })
  await turns()
  link.send(Buffer.from([0xe0, 0]))
  await link.closed
  for (let n = 1; n <= 63; n++) await settle(n)
  await turns()
  assert.deepEqual(fixture.closed, ['client_left'])
  assert.deepEqual(
    fixture.lines.filter((line) => line.includes('"level":50')),
    [],
  )
})
