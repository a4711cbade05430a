import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IN_FLIGHT_MAX, SOCKET_BUFFER_BYTES_MAX } from '@rollcall/protocol/limits'
import { generate, type IConnectPacket } from 'mqtt-packet'
import { connectClient } from '../../../test/helpers/mqtt-client.ts'
import { type MqttFixture, openMqtt } from '../../../test/helpers/mqtt-fixture.ts'
import { clientFrame, openRaw, openRawWebSocket, upgradeRequest } from '../../../test/helpers/raw-link.ts'

const TOKEN = 'alice.access.token'
const TOPIC = 'user/alice/phone'
const TICK_MS = 250
const PINGREQ = Buffer.from([0xc0, 0])
const PINGRESP_HEX = 'd000'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

type Test = Parameters<typeof openRaw>[0]

async function prepared(t: Test, settings: Parameters<typeof openMqtt>[1] = {}) {
  const fixture = await openMqtt(t, settings)
  fixture.auth.add(TOKEN, 'alice')
  fixture.registrar.add('alice', 'phone')
  return fixture
}

function connectPacket(changes: Partial<IConnectPacket> = {}): Buffer {
  const protocolVersion = changes.protocolVersion ?? 4
  const credentials = { username: 'alice', password: Buffer.from(TOKEN), clientId: 'phone', clean: true }
  return generate({ cmd: 'connect', ...credentials, ...changes, protocolVersion }, { protocolVersion })
}

/** A raw connection that has read its CONNACK. */
async function connected(t: Test, fixture: MqttFixture, changes: Partial<IConnectPacket> = {}) {
  const link = await openRaw(t, fixture.tcpPort)
  link.send(connectPacket(changes))
  const head = await link.read(2)
  await link.read(head[1] ?? 0)
  return link
}

async function subscribed(t: Test, fixture: MqttFixture, changes: Partial<IConnectPacket> = {}) {
  const link = await connected(t, fixture, changes)
  const subscriptions = [{ topic: TOPIC, qos: 1 as const }]
  const protocolVersion = changes.protocolVersion ?? 4
  link.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions }, { protocolVersion }))
  await link.read(protocolVersion === 5 ? 6 : 5)
  return link
}

test('silence for one and a half times the keepalive ends the connection, dripping bytes included', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, { keepalive: 10, protocolVersion: 5 })
  await fixture.clock.advance(14_000)
  link.send(PINGREQ)
  assert.equal((await link.read(2)).toString('hex'), PINGRESP_HEX)
  await fixture.clock.advance(14_000)
  link.send(Buffer.from([0x30, 100, 0]))
  await fixture.clock.advance(999)
  assert.equal(fixture.mqtt.linkCount(), 1)
  await fixture.clock.advance(1 + TICK_MS)
  assert.equal((await link.rest()).toString('hex'), 'e0018d')
  assert.deepEqual(fixture.closed, ['keepalive_timeout'])
})

test('keepalive 0 is never silent for too long', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture)
  await fixture.clock.advance(120_000)
  link.send(PINGREQ)
  await link.read(2)
})

for (const open of [openRaw, openRawWebSocket])
  test(`no CONNECT within 10 s: closed (${open.name})`, async (t) => {
    const fixture = await prepared(t)
    const link = await open(t, open === openRaw ? fixture.tcpPort : fixture.httpPort)
    link.send(open === openRaw ? Buffer.from([0x10]) : clientFrame(Buffer.from([0x10])))
    await fixture.clock.advance(9_999)
    assert.deepEqual(fixture.closed, [])
    await fixture.clock.advance(1 + TICK_MS)
    assert.deepEqual(fixture.closed, ['connect_timeout'])
    // A peer that ignores the closing handshake is cut off.
    await fixture.clock.advance(5_000 + TICK_MS)
    await link.closed
  })

test('links past the maximum get CONNACK 3 and 0x97, and no more are let in', async (t) => {
  const fixture = await prepared(t, { linksMax: 1 })
  const waiting = [await openRaw(t, fixture.tcpPort), await openRaw(t, fixture.tcpPort)]
  await fixture.clock.advance(0)
  await connected(t, fixture)
  waiting[0]?.send(connectPacket({ clientId: 'other' }))
  assert.equal((await waiting[0]?.rest())?.toString('hex'), '20020003')
  waiting[1]?.send(connectPacket({ clientId: 'another', protocolVersion: 5 }))
  assert.equal((await waiting[1]?.rest())?.toString('hex'), '2003009700')
  assert.equal((await (await openRaw(t, fixture.tcpPort)).rest()).length, 0)
  const web = await openRaw(t, fixture.httpPort)
  web.send(upgradeRequest())
  const answer = (await web.rest()).toString()
  assert.match(answer, /^HTTP\/1\.1 503 [\s\S]*Retry-After: \d+[\s\S]*"error":"unavailable"/)
})

test('connections without CONNECT are bounded', async (t) => {
  const fixture = await prepared(t, { pendingLinksMax: 2 })
  const pending = [await openRaw(t, fixture.tcpPort), await openRawWebSocket(t, fixture.httpPort)]
  await fixture.clock.advance(0)
  await (await openRaw(t, fixture.tcpPort)).closed
  const web = await openRaw(t, fixture.httpPort)
  web.send(upgradeRequest())
  assert.match(await web.readUntil('\r\n'), /503/)
  pending[0]?.send(connectPacket())
  await pending[0]?.read(4)
  await connected(t, fixture, { clientId: 'other' })
})

test('a client has no more events in flight than it takes, and its endpoints get their turns', async (t) => {
  const fixture = await prepared(t)
  fixture.registrar.add('alice', 'tablet')
  const properties = { receiveMaximum: 2 }
  const options = { username: 'alice', password: TOKEN, protocolVersion: 5, properties } as const
  const client = await connectClient(t, fixture, options)
  await client.subscribe([TOPIC, 'user/alice/tablet'])
  const backlog = new Map([
    ['phone', ['p1', 'p2', 'p3', 'p4', 'p5']],
    ['tablet', ['t1', 't2']],
  ])
  const acknowledged: string[] = []
  const flush = (endpoint: string): void => {
    const waiting = backlog.get(endpoint) ?? []
    while (waiting[0] !== undefined) {
      const name = waiting[0]
      const event = {
        payload: Buffer.from(name),
        qos: 1,
        acknowledged: () => acknowledged.push(name),
      } as const
      if (!fixture.delivery.link(endpoint).send(event)) return
      waiting.shift()
    }
  }
  for (const endpoint of backlog.keys()) {
    const attachment = fixture.delivery.find(endpoint)
    if (attachment !== undefined) attachment.onResume = () => flush(endpoint)
    flush(endpoint)
  }
  assert.equal(backlog.get('phone')?.length, 3)
  const received = (await client.receive(7)).map(({ payload }) => payload)
  assert.deepEqual(
    received.filter((name) => name.startsWith('p')),
    ['p1', 'p2', 'p3', 'p4', 'p5'],
  )
  assert.ok(received.indexOf('t1') < received.indexOf('p5'), `the tablet had its turn: ${received}`)
  while (acknowledged.length < 7) await fixture.clock.advance(0)
})

test('at most 64 in flight; an unknown PUBACK is ignored; what was unsubscribed is not acknowledged', async (t) => {
  const fixture = await prepared(t)
  const link = await subscribed(t, fixture)
  const acknowledged: number[] = []
  const send = (index: number) =>
    fixture.delivery
      .link('phone')
      .send({ payload: Buffer.from('x'), qos: 1, acknowledged: () => acknowledged.push(index) })
  for (let index = 0; index < IN_FLIGHT_MAX; index++) assert.equal(send(index), true)
  assert.equal(send(64), false)
  const frames = await link.read(IN_FLIGHT_MAX * (2 + 2 + TOPIC.length + 2 + 1))
  const packetId = frames.subarray(4 + TOPIC.length, 6 + TOPIC.length)
  const unknown = Buffer.from([0x40, 2, (packetId[0] ?? 0) ^ 0x80, packetId[1] ?? 0])
  link.send(unknown)
  link.send(Buffer.from([0x40, 2, ...packetId]))
  link.send(Buffer.from([0x40, 2, ...packetId]))
  link.send(PINGREQ)
  await link.read(2)
  assert.deepEqual(acknowledged, [0])
  assert.deepEqual(fixture.delivery.find('phone')?.told, ['start', 'resume'])
  link.send(generate({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [TOPIC] }))
  await link.read(4)
  const next = Buffer.from([
    (packetId[0] ?? 0) + ((packetId[1] ?? 0) === 255 ? 1 : 0),
    (packetId[1] ?? 0) + 1,
  ])
  link.send(Buffer.from([0x40, 2, ...next]))
  link.send(PINGREQ)
  await link.read(2)
  assert.deepEqual(acknowledged, [0])
})

test('who acknowledges nothing of a full window is told why it is closed', async (t) => {
  const fixture = await prepared(t)
  const link = await subscribed(t, fixture, { protocolVersion: 5 })
  for (let index = 0; index < IN_FLIGHT_MAX; index++)
    fixture.delivery.link('phone').send({ payload: Buffer.from('x'), qos: 1 })
  await fixture.clock.advance(60_000 + 2 * TICK_MS)
  assert.equal((await link.rest()).subarray(-3).toString('hex'), 'e00183')
})

/** Sends until the link refuses, at QoS 0; returns how many it took. */
function flood(fixture: MqttFixture, payload: Buffer): number {
  const link = fixture.delivery.link('phone')
  for (let taken = 0; taken < 1000; taken++) if (!link.send({ payload, qos: 0 })) return taken
  throw new Error('never congested')
}

test('a slow reader: QoS 0 is refused past the bound, QoS 1 waits, and goes on when it reads', async (t) => {
  const fixture = await prepared(t)
  const link = await subscribed(t, fixture)
  link.socket.pause()
  const payload = Buffer.alloc(60_000)
  const taken = flood(fixture, payload)
  assert.ok(taken * payload.length >= SOCKET_BUFFER_BYTES_MAX)
  // The operating system takes some more at the end of each tick.
  while (flood(fixture, payload) > 0) await fixture.clock.advance(0)
  assert.equal(fixture.delivery.link('phone').send({ payload, qos: 1 }), false)
  assert.equal(fixture.delivery.link('phone').send({ payload, qos: 0 }), false)
  link.socket.resume()
  const attachment = fixture.delivery.find('phone')
  while (!attachment?.told.includes('resume')) await fixture.clock.advance(0)
  assert.equal(fixture.delivery.link('phone').send({ payload, qos: 1 }), true)
})

test('a socket that takes nothing for 30 s is cut off, one that takes a little is not', async (t) => {
  const fixture = await prepared(t)
  const link = await subscribed(t, fixture)
  link.socket.pause()
  const payload = Buffer.alloc(60_000)
  while (flood(fixture, payload) > 0) await fixture.clock.advance(0)
  await fixture.clock.advance(29_000)
  assert.equal(fixture.mqtt.linkCount(), 1)
  const readBefore = link.socket.bytesRead
  link.socket.resume()
  while (link.socket.bytesRead < readBefore + 4_000_000) await fixture.clock.advance(0)
  link.socket.pause()
  while (flood(fixture, payload) > 0) await fixture.clock.advance(0)
  await fixture.clock.advance(20_000)
  assert.equal(fixture.mqtt.linkCount(), 1, 'it took something meanwhile')
  await fixture.clock.advance(11_000)
  assert.deepEqual(fixture.closed, ['socket_stuck'])
  link.socket.resume()
  await link.closed
})

test('one user has its share of the links, and takes its own over when they are all taken', async (t) => {
  const fixture = await prepared(t, { linksMax: 100, callerSharePercent: 25, organizationSharePercent: 100 })
  fixture.auth.add('other.a.b', 'other')
  const refused = async (clientId: string, username = 'alice', password = TOKEN) => {
    const { connack } = await connectClient(t, fixture, { username, password, clientId, via: 'tcp' })
    return connack.returnCode !== 0
  }
  let taken = 0
  while (!(await refused(`phone-${taken}`))) taken++
  assert.equal(taken, 25)
  assert.equal(await refused('phone-3'), false, 'its own phone that comes back')
  assert.equal(await refused('phone', 'other', 'other.a.b'), false)
})

test('one address has its share of the connections that say nothing', async (t) => {
  const fixture = await prepared(t, { pendingLinksMax: 100, addressSharePercent: 25 })
  const status = async (address: string) => {
    const web = await openRaw(t, fixture.httpPort)
    web.send(upgradeRequest('/ws', { 'X-Test-Address': address }))
    return (await web.readUntil('\r\n')).slice(9, 12)
  }
  let taken = 0
  while ((await status('203.0.113.1')) === '101') taken++
  assert.equal(taken, 25)
  assert.equal(await status('203.0.113.2'), '101')
})

for (const via of ['tcp', 'ws'] as const)
  test(`a packet that has begun ends within 30 s, whatever the keepalive, over ${via}`, async (t) => {
    const fixture = await prepared(t)
    const link =
      via === 'tcp' ? await openRaw(t, fixture.tcpPort) : await openRawWebSocket(t, fixture.httpPort)
    const send = (bytes: Buffer) => link.send(via === 'tcp' ? bytes : clientFrame(bytes))
    send(connectPacket({ keepalive: 0 }))
    await link.read(via === 'tcp' ? 4 : 6)
    // PUBLISH that announces 200,000 bytes, in a frame that does the same.
    const begun = Buffer.concat([Buffer.from([0x32, 0xc0, 0x9a, 0x0c]), Buffer.alloc(20_000, 1)])
    link.send(
      via === 'tcp' ? begun : clientFrame(Buffer.concat([begun, Buffer.alloc(40_000)])).subarray(0, 20_000),
    )
    while (fixture.options.ledger.unfinishedBytes.figures.used === 0) await turn()
    await fixture.clock.advance(29_000)
    assert.deepEqual(fixture.closed, [])
    await fixture.clock.advance(2_000 + TICK_MS)
    assert.deepEqual(fixture.closed, ['packet_timeout'])
    assert.equal(fixture.options.ledger.unfinishedBytes.figures.used, 0)
  })

test('what came of packets without an end is bounded for each user', async (t) => {
  const fixture = await prepared(t, { callerSharePercent: 1 })
  const begun = Buffer.concat([Buffer.from([0x32, 0xc0, 0x9a, 0x0c]), Buffer.alloc(190_000, 1)])
  for (let count = 0; count < 12; count++) {
    const link = await openRaw(t, fixture.tcpPort)
    link.send(connectPacket({ clientId: `c-${count}`, keepalive: 0 }))
    await link.read(4)
    link.send(begun)
  }
  while (fixture.closed.length === 0) await turn()
  assert.deepEqual(new Set(fixture.closed), new Set(['quota_exceeded']))
  assert.ok(fixture.options.ledger.unfinishedBytes.figures.used <= 1_400_000)
})
