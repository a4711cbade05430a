import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate, type Packet } from 'mqtt-packet'
import { seededRandom } from '../../../test/helpers/fake-clock.ts'
import { openMqtt } from '../../../test/helpers/mqtt-fixture.ts'
import { TakeOvers } from '../delivery/delivery.ts'
import type { Version } from './packets/checks.ts'
import { decode } from './packets/decode.ts'
import { PacketReader } from './packets/packet-reader.ts'
import { readPublication } from './packets/publication.ts'
import { PacketError } from './reasons.ts'
import { Session } from './session/session.ts'
import { Sessions } from './session/sessions.ts'
import { Wheel } from './session/wheel.ts'
import type { Transport, TransportListener } from './transport/transport.ts'
import { TurnEnd } from './transport/turn-end.ts'

const SEED = 'rollcall'
const TOKEN = 'alice.access.token'
const TOPIC = 'users/endpoints/phone'
const KEEPALIVE = `${TOPIC}/keepalive`

const random = seededRandom(SEED)
const below = (limit: number): number => random.bytes(4).readUInt32BE(0) % limit
const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0]

const CONNECT = {
  cmd: 'connect',
  clientId: '__proto__',
  username: 'alice',
  password: Buffer.from(TOKEN),
  clean: true,
  keepalive: 30,
} as const

const PACKETS: readonly [Packet, ...Packet[]] = [
  CONNECT,
  { ...CONNECT, will: { topic: 'a/b', payload: Buffer.from('boo'), qos: 1, retain: true } },
  {
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [TOPIC, '#', 'user/alice/phone'].map((topic) => ({ topic, qos: 1 })),
  },
  { cmd: 'unsubscribe', messageId: 2, unsubscriptions: [TOPIC, 'constructor'] },
  { cmd: 'publish', topic: KEEPALIVE, payload: 'x', qos: 1, messageId: 3, dup: false, retain: false },
  { cmd: 'publish', topic: 'toString', payload: 'x', qos: 0, dup: false, retain: false },
  { cmd: 'puback', messageId: 4 },
  { cmd: 'pubrel', messageId: 5 },
  { cmd: 'pingreq' },
  { cmd: 'disconnect' },
]

function validPacket(version: Version): Buffer {
  const packet = pick(PACKETS)
  const properties = version === 5 && below(2) === 0 ? { properties: { userProperties: { a: 'b' } } } : {}
  const isPlain = packet.cmd === 'pingreq' || packet.cmd === 'disconnect'
  const whole: Packet = isPlain ? packet : { ...packet, ...properties }
  return generate(whole.cmd === 'connect' ? { ...whole, protocolVersion: version } : whole, {
    protocolVersion: version,
  })
}

/** The same bytes with some of them changed, dropped, added or repeated. */
function mutated(bytes: Buffer): Buffer {
  const at = below(bytes.length)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (below(6)) {
    case 0:
      return Buffer.concat([before, random.bytes(1), after.subarray(1)])
    case 1:
      return Buffer.concat([before, after.subarray(1 + below(4))])
    case 2:
      return Buffer.concat([before, random.bytes(1 + below(8)), after])
    case 3:
      return Buffer.concat([before, Buffer.from([bytes.readUInt8(at) ^ (1 << below(8))]), after.subarray(1)])
    case 4:
      return Buffer.concat([before, after, after])
    default:
      return Buffer.concat([bytes.subarray(0, 1), Buffer.from([below(256)]), bytes.subarray(2)])
  }
}

/** Reads a packet the way a session does. */
function read(bytes: Buffer, version: Version): unknown {
  return bytes.readUInt8(0) >> 4 === 3 ? readPublication(bytes, version) : decode(bytes, version)
}

test('every packet decodes or is refused as a packet, and never otherwise', () => {
  let refused = 0
  for (let run = 0; run < 20_000; run++) {
    const version: Version = below(2) === 0 ? 4 : 5
    const valid = validPacket(version)
    assert.doesNotThrow(() => read(valid, version), `run ${run}: ${valid.toString('hex')}`)
    const reader = new PacketReader()
    const bytes = mutated(valid)
    reader.push(bytes)
    try {
      for (let packet = reader.next(1000); packet !== undefined; packet = reader.next(1000))
        read(packet, version)
    } catch (error) {
      refused++
      assert.ok(error instanceof PacketError, `run ${run}: ${bytes.toString('hex')}: ${error}`)
    }
  }
  assert.ok(refused > 5_000 && refused < 19_000, `${refused} of 20,000 were refused`)
})

/** Keeps what was written. */
class FakeTransport implements Transport {
  readonly hasCertificate = false
  readonly isWebSocket = false
  readonly name = 'tcp'
  readonly userAgent = undefined
  readonly written: Buffer[] = []
  #receiver: TransportListener | undefined
  #isClosed = false
  #isLost = false

  start(receiver: TransportListener): void {
    this.#receiver = receiver
  }
  write(frame: Buffer): void {
    assert.equal(this.#isClosed, false, 'nothing is written after the end')
    if (!this.#isLost) this.written.push(frame)
  }
  /** The peer is gone. */
  lose(): void {
    this.#isLost = true
    if (!this.#isClosed) this.#receiver?.onClosed()
  }
  bufferedBytes(): number {
    return 0
  }
  takenBytes(): number {
    return 0
  }
  close(): void {
    if (this.#isClosed || this.#isLost) return
    this.#isClosed = true
    process.nextTick(() => this.#receiver?.onClosed())
  }
  destroy(): void {
    this.close()
  }
  notifyDrained(): void {}
  pause(): void {}
  resume(): void {}
  admitted(): void {}
}

test('a connection survives any stream, or ends for a reason of the protocol, and leaves nothing behind', async (t) => {
  const fixture = await openMqtt(t)
  const { clock, auth, registrar, delivery, closed, lines } = fixture
  auth.add(TOKEN, 'alice')
  registrar.add('alice', 'phone')
  const [sessions, wheel] = [new Sessions(), new Wheel(clock)]
  const context = {
    ...fixture.options,
    sessions,
    wheel,
    turnEnd: new TurnEnd(),
    clientIds: undefined,
    takeOvers: new TakeOvers(clock, fixture.options.log),
    connectBytesMax: 32_768,
  }
  let opened = 0
  for (let run = 0; run < 3_000; run++) {
    const version: Version = below(2) === 0 ? 4 : 5
    const transport = new FakeTransport()
    const session = new Session(context, transport, {
      holder: [],
      remoteAddress: '',
      release: () => undefined,
    })
    session.start()
    opened++
    const connect = generate({ ...CONNECT, protocolVersion: version }, { protocolVersion: version })
    const packets = Array.from({ length: 4 }, () => validPacket(version))
    const stream = Buffer.concat([
      connect,
      ...packets.map((packet) => (below(3) === 0 ? mutated(packet) : packet)),
    ])
    for (let at = 0; at < stream.length; ) {
      const size = 1 + below(60)
      session.onData(stream.subarray(at, at + size))
      at += size
      if (below(4) === 0) await Promise.resolve()
    }
    if (run % 50 === 0) await clock.advance(1000)
    if (below(2) === 0) transport.lose()
    const answers = Buffer.concat(transport.written)
    assert.ok(answers.length === 0 || answers[0] === 0x20, `run ${run}: CONNACK comes first`)
  }
  for (let turn = 0; turn < 5; turn++) await clock.advance(60_000)
  assert.deepEqual([sessions.all.size, sessions.connected, sessions.pending], [0, 0, 0])
  assert.equal(delivery.find('phone'), undefined)
  assert.equal(closed.length, opened)
  assert.ok(!closed.includes('internal_error'))
  assert.deepEqual(
    lines.filter((line) => line.includes('"level":50')),
    [],
  )
  wheel.close()
})
