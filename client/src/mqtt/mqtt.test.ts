import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readVectors } from '../../../test/helpers/vectors.ts'
import { createPacketReader, type Packet } from './decode.ts'
import {
  encodeConnect,
  encodeDisconnect,
  encodePing,
  encodePuback,
  encodeSubscribe,
  encodeUnsubscribe,
  type MqttVersion,
} from './encode.ts'

type Vector = { readonly from: string; readonly packet: string; readonly hex: string }
type Session = {
  readonly session: {
    readonly userId: string
    readonly token: string
    readonly clientId: string
    readonly userEndpointId: string
  }
}

const VERSIONS = [
  ['mqtt-3.1.1', 4],
  ['mqtt-5', 5],
] as const

/** Subscriptions of QoS 0 and 2, and an acknowledgement with a reason of its own. */
const NEVER_SENT = [
  'subscribe to what is not allowed',
  'the documented topic form too',
  'acknowledge the second',
]

const hex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** Ours for each packet of the vectors that this client ever sends. */
function ownPackets(file: 'mqtt-3.1.1' | 'mqtt-5', version: MqttVersion): Map<string, ArrayBuffer> {
  const { clientId, userId, token, userEndpointId } = readVectors<Vector, Session>(file).session
  const documented = `users/endpoints/${userEndpointId}`
  const phones = `user/${userId}/${userEndpointId}`
  const connect = { version, clientId, userName: userId, password: token, keepAliveSeconds: 60 }
  const both = [['acknowledge the first', encodePuback(10)]] as const
  if (version === 5)
    return new Map([
      ...both,
      ['connect', encodeConnect({ ...connect, receiveMaximum: 2 })],
      ['subscribe', encodeSubscribe(5, 1, [documented, 'users/#'])],
      ['unsubscribe', encodeUnsubscribe(5, 6, [documented, phones])],
    ])
  return new Map([
    ...both,
    ['connect', encodeConnect(connect)],
    ['subscribe', encodeSubscribe(4, 1, [phones])],
    ['acknowledge the second', encodePuback(11)],
    ['acknowledge it', encodePuback(12)],
    ['ping', encodePing()],
    ['unsubscribe', encodeUnsubscribe(4, 5, [documented])],
    ['leave', encodeDisconnect()],
  ])
}

for (const [file, version] of VERSIONS)
  describe(`the golden packets of ${file}`, () => {
    const { vectors } = readVectors<Vector, Session>(file)
    const own = ownPackets(file, version)

    for (const [name, bytes] of own)
      it(`are made: ${name}`, () => {
        const vector = vectors.find((candidate) => candidate.from === 'client' && candidate.name === name)
        assert.equal(hex(bytes), vector?.hex)
      })

    it('leave out only what this client never sends', () => {
      const left = vectors.filter(({ from, name }) => from === 'client' && !own.has(name))
      for (const { packet, name } of left)
        assert.ok(packet === 'PUBLISH' || NEVER_SENT.includes(name), `${packet}: ${name}`)
    })

    it('are read, in one piece and byte by byte', () => {
      const sent = vectors.filter(({ from }) => from === 'server')
      const all = Buffer.concat(sent.map((vector) => bytesOf(vector.hex)))
      const whole = createPacketReader(version, 262_144)(new Uint8Array(all))
      const reader = createPacketReader(version, 262_144)
      const pieces = [...all].flatMap((byte) => reader(Uint8Array.of(byte)))
      assert.deepEqual(pieces, whole)
      assert.deepEqual(
        whole.map(({ type }) => type),
        sent.map(({ packet }) =>
          /ACK$/.test(packet) && /^(PUB|UNSUB)/.test(packet) ? 'other' : packet.toLowerCase(),
        ),
      )
    })

    it('are understood', () => {
      const read = (name: string): Packet | undefined => {
        const found = vectors.find((vector) => vector.from === 'server' && vector.name === name)
        return createPacketReader(version, 262_144)(bytesOf(found?.hex ?? '')).at(0)
      }
      assert.deepEqual(read('accepted'), { type: 'connack', code: 0 })
      const event = read('first event')
      assert.ok(event?.type === 'publish')
      assert.equal(event.packetId, 10)
      assert.equal(JSON.parse(new TextDecoder().decode(event.payload)).id, 'e-1')
      if (version === 5) {
        assert.deepEqual(read('granted and refused'), { type: 'suback', packetId: 1, codes: [1, 0x87] })
        assert.deepEqual(read('closed'), { type: 'disconnect', code: 0x9b })
      } else assert.deepEqual(read('refused'), { type: 'suback', packetId: 2, codes: [128, 128, 128] })
    })
  })

describe('what a server may not send', () => {
  for (const [what, packet] of [
    ['a packet larger than allowed', '32ffff7f'],
    ['a length of five bytes', '32ffffffff01'],
    ['an event of QoS 2', '340700016100010000'],
    ['a topic longer than its packet', '3003ffff61'],
    ['an acknowledgement without an id', '900100'],
  ] as const)
    it(`${what} is refused`, () => {
      assert.throws(() => createPacketReader(5, 262_144)(bytesOf(packet)), { code: 'protocol_error' })
    })
})
