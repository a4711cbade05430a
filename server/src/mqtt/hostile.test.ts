import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate, type IConnectPacket } from 'mqtt-packet'
import { openMqtt } from '../../../test/helpers/mqtt-fixture.ts'
import { clientFrame, openRaw, openRawWebSocket, type RawLink } from '../../../test/helpers/raw-link.ts'

const TOKEN = 'alice.access.token'
const PINGREQ = Buffer.from([0xc0, 0])
const SLASHES = '/'.repeat(65_535)

type Test = Parameters<typeof openRaw>[0]
type Version = 4 | 5

async function prepared(t: Test) {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  fixture.registrar.add('alice', 'phone')
  return fixture
}

function connectPacket(changes: Partial<IConnectPacket> = {}): Buffer {
  const protocolVersion = changes.protocolVersion ?? 4
  const credentials = { username: 'alice', password: Buffer.from(TOKEN), clientId: 'phone', clean: true }
  return generate({ cmd: 'connect', ...credentials, ...changes, protocolVersion }, { protocolVersion })
}

async function connected(
  t: Test,
  port: number,
  protocolVersion: Version = 4,
  clientId = 'phone',
): Promise<RawLink> {
  const link = await openRaw(t, port)
  link.send(connectPacket({ protocolVersion, clientId }))
  const head = await link.read(2)
  await link.read(head[1] ?? 0)
  return link
}

const bytes = (...values: readonly (number | string)[]): Buffer =>
  Buffer.from(values.flatMap((value) => (typeof value === 'number' ? [value] : [...Buffer.from(value)])))

/** A token of 16,384 bytes, 16,384 for the rest, and one more. */
const TOO_LARGE_BEFORE = bytes(0x10, 0x81, 0x80, 0x02)

for (const [what, packet] of [
  ['no MQTT at all', bytes('GET / HTTP/1.1\r\n\r\n')],
  ['PINGREQ', PINGREQ],
  ['SUBSCRIBE', bytes(0x82, 6, 0, 1, 0, 1, 'a', 1)],
  ['PUBLISH', bytes(0x30, 4, 0, 1, 'a', 'x')],
  ['AUTH', bytes(0xf0, 0)],
  ['CONNECT with flags', bytes(0x11, 0)],
  ['an empty CONNECT', bytes(0x10, 0)],
  ['a CONNECT of 256 MB', bytes(0x10, 0xff, 0xff, 0xff, 0x7f)],
  ['a CONNECT of 32,769 bytes and more', TOO_LARGE_BEFORE],
  ['a length of five bytes', bytes(0x10, 0x80, 0x80, 0x80, 0x80, 0x01)],
  ['a length not in its shortest form', bytes(0x10, 0x80, 0x00)],
  ['the reserved flag', bytes(0x10, 13, 0, 4, 'MQTT', 4, 0x03, 0, 0, 0, 1, 'a')],
  ['a password without a user name', bytes(0x10, 16, 0, 4, 'MQTT', 4, 0x42, 0, 0, 0, 1, 'a', 0, 1, 'p')],
  ['will flags without a will', bytes(0x10, 13, 0, 4, 'MQTT', 4, 0x0a, 0, 0, 0, 1, 'a')],
  ['will QoS 3', bytes(0x10, 19, 0, 4, 'MQTT', 4, 0x1e, 0, 0, 0, 1, 'a', 0, 1, 't', 0, 1, 'x')],
  ['a wildcard will', bytes(0x10, 19, 0, 4, 'MQTT', 4, 0x06, 0, 0, 0, 1, 'a', 0, 1, '#', 0, 1, 'x')],
  ['a NUL in the client id', bytes(0x10, 13, 0, 4, 'MQTT', 4, 2, 0, 0, 0, 1, 0)],
  ['ill-formed UTF-8', bytes(0x10, 13, 0, 4, 'MQTT', 4, 2, 0, 0, 0, 1, 0xff)],
  ['an encoded surrogate', bytes(0x10, 15, 0, 4, 'MQTT', 4, 2, 0, 0, 0, 3, 0xed, 0xa0, 0x80)],
  ['bytes left over', bytes(0x10, 14, 0, 4, 'MQTT', 4, 2, 0, 0, 0, 1, 'a', 'b')],
  ['fields missing', bytes(0x10, 13, 0, 4, 'MQTT', 4, 0xc2, 0, 0, 0, 1, 'a')],
  ['MQTT 5 without properties', bytes(0x10, 10, 0, 4, 'MQTT', 5, 2, 0, 0)],
  ['a property twice', bytes(0x10, 20, 0, 4, 'MQTT', 5, 2, 0, 0, 6, 0x21, 0, 0x09, 0x21, 0, 9, 0, 1, 'a')],
  ['receive maximum 0', bytes(0x10, 17, 0, 4, 'MQTT', 5, 2, 0, 0, 3, 0x21, 0, 0, 0, 1, 'a')],
  ['a property of PUBLISH', bytes(0x10, 16, 0, 4, 'MQTT', 5, 2, 0, 0, 2, 1, 1, 0, 1, 'a')],
  ['an unknown property', bytes(0x10, 16, 0, 4, 'MQTT', 5, 2, 0, 0, 2, 0x7e, 1, 0, 1, 'a')],
] as const)
  test(`before CONNECT: ${what}: closed without an answer`, async (t) => {
    const fixture = await prepared(t)
    const link = await openRaw(t, fixture.tcpPort)
    link.send(packet)
    assert.equal((await link.rest()).length, 0)
    assert.equal(fixture.closed.length, 1)
    assert.ok(
      !fixture.lines.some((line) => line.includes('"level":50')),
      'a peer’s fault is no error of ours',
    )
  })

for (const [what, version, packet, answer] of [
  ['a second CONNECT', 5, connectPacket({ protocolVersion: 5 }), 'e00182'],
  ['a packet of a server', 5, bytes(0xd0, 0), 'e00182'],
  ['packet type 0', 5, bytes(0x00, 0), 'e00182'],
  ['PUBREL for nothing', 5, bytes(0x62, 2, 0, 1), 'e00182'],
  ['AUTH without a method', 5, bytes(0xf0, 2, 0x18, 0), 'e00182'],
  ['AUTH in MQTT 3.1.1', 4, bytes(0xf0, 0), ''],
  ['PINGREQ with a body', 5, bytes(0xc0, 1, 0), 'e00181'],
  ['PINGREQ with flags', 5, bytes(0xc1, 0), 'e00181'],
  ['SUBSCRIBE without flags', 5, bytes(0x80, 7, 0, 1, 0, 0, 1, 'a', 1), 'e00181'],
  ['SUBSCRIBE without filters', 5, bytes(0x82, 3, 0, 1, 0), 'e00182'],
  ['SUBSCRIBE, an empty filter', 5, bytes(0x82, 6, 0, 1, 0, 0, 0, 1), 'e00181'],
  ['SUBSCRIBE, packet id 0', 5, bytes(0x82, 7, 0, 0, 0, 0, 1, 'a', 1), 'e00182'],
  ['SUBSCRIBE, QoS 3', 5, bytes(0x82, 7, 0, 1, 0, 0, 1, 'a', 3), 'e00181'],
  ['SUBSCRIBE, reserved options', 5, bytes(0x82, 7, 0, 1, 0, 0, 1, 'a', 0x41), 'e00181'],
  ['SUBSCRIBE with an identifier', 5, bytes(0x82, 9, 0, 1, 2, 0x0b, 5, 0, 1, 'a', 1), 'e001a1'],
  ['SUBSCRIBE, ill-formed UTF-8', 5, bytes(0x82, 7, 0, 1, 0, 0, 1, 0xc0, 1), 'e00181'],
  ['UNSUBSCRIBE without filters', 5, bytes(0xa2, 3, 0, 1, 0), 'e00182'],
  ['PUBLISH of QoS 3', 5, bytes(0x36, 7, 0, 1, 'a', 0, 1, 0, 'x'), 'e00181'],
  ['PUBLISH of QoS 0 again', 5, bytes(0x38, 5, 0, 1, 'a', 0, 'x'), 'e00181'],
  ['PUBLISH, packet id 0', 5, bytes(0x32, 7, 0, 1, 'a', 0, 0, 0, 'x'), 'e00182'],
  ['PUBLISH, no topic', 5, bytes(0x30, 4, 0, 0, 0, 'x'), 'e00190'],
  ['PUBLISH, a NUL in the topic', 5, bytes(0x30, 5, 0, 1, 0, 0, 'x'), 'e00181'],
  ['PUBLISH with a subscription identifier', 5, bytes(0x30, 7, 0, 1, 'a', 2, 0x0b, 1, 'x'), 'e00181'],
  ['PUBACK of one byte', 5, bytes(0x40, 1, 0), 'e00181'],
  ['PUBACK with an unknown reason', 5, bytes(0x40, 3, 0, 1, 0x55), 'e00181'],
  ['PUBACK with a reason in MQTT 3.1.1', 4, bytes(0x40, 3, 0, 1, 0), ''],
  ['DISCONNECT with a body in MQTT 3.1.1', 4, bytes(0xe0, 1, 0), ''],
  ['a packet of 256 KiB and more', 5, bytes(0x30, 0xff, 0xff, 0x10), 'e00195'],
  ['a packet of 256 MB', 5, bytes(0x30, 0xff, 0xff, 0xff, 0x7f), 'e00195'],
] as const)
  test(`connected: ${what}: ${answer || 'closed'}`, async (t) => {
    const fixture = await prepared(t)
    const link = await connected(t, fixture.tcpPort, version)
    link.send(packet)
    assert.equal((await link.rest()).toString('hex'), answer)
    assert.ok(
      !fixture.lines.some((line) => line.includes('"level":50')),
      'a peer’s fault is no error of ours',
    )
  })

for (const version of [4, 5] as const)
  test(`MQTT ${version}: a topic of 65,535 slashes is refused wherever it stands`, async (t) => {
    const fixture = await prepared(t)
    const options = { protocolVersion: version }
    const subscriber = await connected(t, fixture.tcpPort, version)
    const subscriptions = [{ topic: SLASHES, qos: 0 as const }]
    subscriber.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions }, options))
    assert.equal((await subscriber.read(version === 5 ? 6 : 5)).at(-1), version === 5 ? 0x87 : 0x80)
    subscriber.send(generate({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [SLASHES] }, options))
    assert.equal((await subscriber.read(2))[0], 0xb0)
    const publisher = await connected(t, fixture.tcpPort, version)
    const publish = {
      cmd: 'publish',
      topic: SLASHES,
      payload: '',
      qos: 0,
      dup: false,
      retain: false,
    } as const
    publisher.send(generate(publish, options))
    assert.equal((await publisher.rest()).toString('hex'), version === 5 ? 'e00190' : '')
    const will = { topic: SLASHES, payload: Buffer.from('x') }
    const dying = await openRaw(t, fixture.tcpPort)
    dying.send(connectPacket({ protocolVersion: version, will }))
    assert.equal((await dying.rest()).length, 0)
  })

test('more filters than allowed in one SUBSCRIBE: DISCONNECT 0x97', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture.tcpPort, 5)
  const subscriptions = Array.from({ length: 201 }, () => ({ topic: 'a', qos: 0 as const }))
  link.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions }, { protocolVersion: 5 }))
  assert.equal((await link.rest()).toString('hex'), 'e00197')
})

test('byte by byte, and all at once with what follows before CONNACK', async (t) => {
  const fixture = await prepared(t)
  const subscriptions = [{ topic: 'user/alice/phone', qos: 1 as const }]
  const subscribe = generate({ cmd: 'subscribe', messageId: 1, subscriptions })
  const all = Buffer.concat([connectPacket(), subscribe, PINGREQ])
  const answers = '20020000' + '9003000101' + 'd000'
  const slow = await openRaw(t, fixture.tcpPort)
  for (const byte of all) {
    slow.send(Buffer.from([byte]))
    await fixture.clock.advance(0)
  }
  assert.equal((await slow.read(11)).toString('hex'), answers)
  const quick = await openRaw(t, fixture.tcpPort)
  quick.send(all)
  assert.equal((await quick.read(11)).toString('hex'), answers)
})

test('WebSocket: one packet in many fragments, many packets in one frame', async (t) => {
  const fixture = await prepared(t)
  const link = await openRawWebSocket(t, fixture.httpPort)
  const packet = connectPacket()
  for (let at = 0; at < packet.length; at += 7) {
    const fragment = packet.subarray(at, at + 7)
    link.send(clientFrame(fragment, { opcode: at === 0 ? 2 : 0, final: at + 7 >= packet.length }))
  }
  assert.equal((await link.read(6)).toString('hex'), '8204' + '20020000')
  link.send(clientFrame(Buffer.concat([PINGREQ, PINGREQ])))
  assert.equal((await link.read(8)).toString('hex'), '8202d000'.repeat(2))
  link.send(clientFrame(Buffer.from('are you there'), { opcode: 9 }))
  assert.equal((await link.read(15)).toString('latin1', 2), 'are you there')
})

for (const [what, frames, code] of [
  ['a text frame', () => [clientFrame(bytes('text'), { opcode: 1 })], 1003],
  ['an unmasked frame', () => [bytes(0x82, 2, 0xc0, 0)], 1002],
  ['a reserved bit', () => [bytes(0xc2, 0x82, 0, 0, 0, 0, 0xc0, 0)], 1002],
  ['a continuation of nothing', () => [clientFrame(PINGREQ, { opcode: 0 })], 1002],
  ['a frame of 8 EiB', () => [bytes(0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255)], 1009],
  ['a frame of 1 MiB', () => [bytes(0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0)], 1009],
  ['many tiny fragments', () => tinyFragments(300), 1008],
] as const)
  test(`WebSocket: ${what}: closed with ${code}`, async (t) => {
    const fixture = await prepared(t)
    const link = await openRawWebSocket(t, fixture.httpPort)
    for (const frame of frames()) link.send(frame)
    const close = await link.read(4)
    assert.deepEqual([close[0], close.readUInt16BE(2)], [0x88, code])
    link.socket.end()
    await link.closed
    assert.equal(fixture.closed.length, 1)
  })

function tinyFragments(count: number): readonly Buffer[] {
  const rest = Array.from({ length: count }, () => clientFrame(bytes(0), { opcode: 0, final: false }))
  return [clientFrame(bytes(0x10), { final: false }), ...rest]
}

test('WebSocket: what a stranger may send before CONNECT is counted raw', async (t) => {
  const fixture = await prepared(t)
  const link = await openRawWebSocket(t, fixture.httpPort)
  link.send(bytes(0x82, 0xff, 0, 0, 0, 0, 0, 3, 0, 0, 1, 2, 3, 4))
  for (let sent = 0; sent < 80_000; sent += 1000) link.send(Buffer.alloc(1000))
  await link.closed
  assert.deepEqual(fixture.closed, ['packet_too_large'])
})

test('a fault of ours ends one connection only, and says nothing of what it carried', async (t) => {
  const fixture = await prepared(t)
  const bystander = await connected(t, fixture.tcpPort, 5)
  fixture.delivery.failure = new Error(`failed on ${TOKEN}`)
  const link = await connected(t, fixture.tcpPort, 5, 'other')
  const subscriptions = [{ topic: 'user/alice/phone', qos: 1 as const }]
  link.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions }, { protocolVersion: 5 }))
  assert.equal((await link.rest()).subarray(-3).toString('hex'), 'e00180')
  assert.deepEqual(fixture.closed, ['internal_error'])
  bystander.send(PINGREQ)
  await bystander.read(2)
  assert.ok(fixture.lines.some((line) => line.includes('"level":50')))
  assert.ok(!fixture.lines.join('\n').includes(TOKEN))
})

test('an acknowledgement or a detach that throws ends one connection only', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture.tcpPort, 4)
  const subscriptions = [{ topic: 'user/alice/phone', qos: 1 as const }]
  link.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions }))
  await link.read(5)
  const attachment = fixture.delivery.find('phone')
  assert.ok(attachment !== undefined)
  attachment.detach = () => {
    throw new Error('detach failed')
  }
  const acknowledged = (): void => {
    throw new Error('acknowledge failed')
  }
  attachment.link.send({ payload: bytes('x'), qos: 1, acknowledged })
  const frame = await link.read(2 + 2 + 16 + 2 + 1)
  link.send(bytes(0x40, 2, frame[20] ?? 0, frame[21] ?? 0))
  await link.closed
  assert.deepEqual(fixture.closed, ['internal_error'])
})
