import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate, type IConnectPacket } from 'mqtt-packet'
import { type MqttFixture, openMqtt } from '../helpers/mqtt-fixture.ts'
import { openRaw } from '../helpers/raw-link.ts'

const TOKEN = 'alice.access.token'
const TICK_MS = 250
const PINGREQ = Buffer.from([0xc0, 0])
const PINGRESP_HEX = 'd000'

type Test = Parameters<typeof openRaw>[0]

async function prepared(t: Test): Promise<MqttFixture> {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  fixture.registrar.add('alice', 'phone')
  return fixture
}

function connectPacket(keepalive: number): Buffer {
  const packet: IConnectPacket = {
    cmd: 'connect',
    username: 'alice',
    password: Buffer.from(TOKEN),
    clientId: 'phone',
    clean: true,
    keepalive,
    protocolVersion: 4,
  }
  return generate(packet, { protocolVersion: 4 })
}

async function connected(t: Test, fixture: MqttFixture, keepalive: number) {
  const link = await openRaw(t, fixture.tcpPort)
  link.send(connectPacket(keepalive))
  await link.read(4)
  return link
}

test('a PINGREQ that lay in the socket while the process stood still for 25 s is in time', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, 10)
  await fixture.clock.advance(9_900)
  link.send(PINGREQ)
  await fixture.clock.stall(25_000)
  assert.equal((await link.read(2)).toString('hex'), PINGRESP_HEX)
  await fixture.clock.advance(13_700)
  assert.deepEqual(fixture.closed, [])
  await fixture.clock.advance(1_500)
  assert.deepEqual(fixture.closed, ['keepalive_timeout'], 'real silence ends it as ever')
})

test('a standstill is no silence of those who had nothing to say yet', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, 10)
  for (let round = 0; round < 5; round++) {
    await fixture.clock.advance(8_000)
    await fixture.clock.stall(40_000)
    await fixture.clock.advance(1_500)
    link.send(PINGREQ)
    assert.equal((await link.read(2)).toString('hex'), PINGRESP_HEX)
  }
  assert.deepEqual(fixture.closed, [])
})

test('a connection has 10 s to say CONNECT, not counting those in which nobody listened', async (t) => {
  const fixture = await prepared(t)
  const link = await openRaw(t, fixture.tcpPort)
  const packet = connectPacket(0)
  link.send(packet.subarray(0, 5))
  await fixture.clock.advance(8_000)
  await fixture.clock.stall(60_000)
  assert.deepEqual(fixture.closed, [])
  link.send(packet.subarray(5))
  assert.equal((await link.read(4)).toString('hex'), '20020000')
})

test('a socket is not stuck because the process was', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, 0)
  const subscriptions = [{ topic: 'user/alice/phone', qos: 1 as const }]
  link.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions }, { protocolVersion: 4 }))
  await link.read(5)
  link.socket.pause()
  const event = { payload: Buffer.alloc(60_000), qos: 0 as const }
  for (let sent = 1; sent > 0; await fixture.clock.advance(0))
    for (sent = 0; fixture.delivery.link('phone').send(event); ) sent++
  await fixture.clock.advance(28_000)
  await fixture.clock.stall(120_000)
  assert.deepEqual(fixture.closed, [])
  await fixture.clock.advance(3_000)
  assert.deepEqual(fixture.closed, ['socket_stuck'])
  link.socket.resume()
  await link.closed
})

test('what waited behind a packet that took long is no silence', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, 10)
  let finish = (): void => {}
  const { registrar } = fixture
  t.mock.method(registrar, 'keepalive', () => new Promise<void>((resolve) => (finish = resolve)))
  const publication = { cmd: 'publish', topic: 'users/endpoints/phone/keepalive', messageId: 7 } as const
  const rest = { payload: '', qos: 1, dup: false, retain: false } as const
  link.send(generate({ ...publication, ...rest }, { protocolVersion: 4 }))
  await fixture.clock.advance(9_000)
  link.send(PINGREQ)
  await fixture.clock.advance(60_000)
  finish()
  await fixture.clock.advance(TICK_MS)
  assert.deepEqual(fixture.closed, [])
  assert.equal((await link.read(6)).toString('hex'), `40020007${PINGRESP_HEX}`)
})
