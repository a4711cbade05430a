import assert from 'node:assert/strict'
import { test } from 'node:test'
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

/** Two bytes of length, and the text: [MQTT-1.5.4]. */
function field(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** A packet of MQTT 3.1.1, of at most 127 bytes besides its head. */
function packet(head: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([head, body.length]), body])
}

function connectPacket(keepalive: number): Buffer {
  const [name, password] = [field('alice'), field(TOKEN)]
  return packet(0x10, field('MQTT'), Buffer.from([4, 0xc2, 0, keepalive]), field('phone'), name, password)
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
  const connect = connectPacket(0)
  link.send(connect.subarray(0, 5))
  await fixture.clock.advance(8_000)
  await fixture.clock.stall(60_000)
  assert.deepEqual(fixture.closed, [])
  link.send(connect.subarray(5))
  assert.equal((await link.read(4)).toString('hex'), '20020000')
})

test('a socket is not stuck because the process was', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, 0)
  link.send(packet(0x82, Buffer.from([0, 1]), field('user/alice/phone'), Buffer.from([1])))
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
  link.send(packet(0x32, field('users/endpoints/phone/keepalive'), Buffer.from([0, 7])))
  await fixture.clock.advance(9_000)
  link.send(PINGREQ)
  await fixture.clock.advance(60_000)
  finish()
  await fixture.clock.advance(TICK_MS)
  assert.deepEqual(fixture.closed, [])
  assert.equal((await link.read(6)).toString('hex'), `40020007${PINGRESP_HEX}`)
})
