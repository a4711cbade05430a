import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Packet, parser } from 'mqtt-packet'
import { frameOf, publishBytes, publishFrame } from './frames.ts'

/** What a WebSocket client makes of a server's frame (RFC 6455 §5.2). */
function unframed(frame: Buffer): Buffer {
  assert.equal(frame[0], 0x82, 'final, binary')
  const short = frame.readUInt8(1)
  assert.ok(short < 128, 'servers do not mask')
  const [size, at] =
    short < 126
      ? [short, 2]
      : short === 126
        ? [frame.readUInt16BE(2), 4]
        : [Number(frame.readBigUInt64BE(2)), 10]
  assert.equal(frame.length, at + size, 'one frame and nothing else')
  return frame.subarray(at)
}

function parsed(bytes: Buffer, protocolVersion: 4 | 5): Packet {
  const packets: Packet[] = []
  parser({ protocolVersion })
    .on('packet', (packet) => packets.push(packet))
    .parse(bytes)
  assert.equal(packets.length, 1)
  return packets[0] ?? assert.fail()
}

// Lengths around every border: of the remaining length (127, 16,383) and of the frame's own (125, 65,535).
const PAYLOAD_BYTES = [
  0, 1, 60, 75, 76, 77, 78, 79, 80, 81, 82, 16_331, 16_336, 16_340, 65_480, 65_485, 65_490, 65_536,
]

for (const isWebSocket of [false, true])
  for (const version of [4, 5] as const)
    test(`PUBLISH in MQTT ${version}${isWebSocket ? ' over WebSocket' : ''} reads as it was meant`, () => {
      for (const topic of ['users/endpoints/6F1B2C3D-0000-4000-8000-00000000000A', 'user/älîçé/📱'])
        for (const size of PAYLOAD_BYTES)
          for (const packetId of [0, 1, 0x1234, 65_535]) {
            const payload = Buffer.alloc(size, 'é')
            const topicBytes = Buffer.byteLength(topic)
            const target = { isWebSocket, hasProperties: version === 5, topic, topicBytes }
            const frame = publishFrame(target, packetId, payload)
            const packet = isWebSocket ? unframed(frame) : frame
            assert.equal(packet.length, publishBytes(target, packetId, payload))
            const publish = parsed(packet, version)
            assert.ok(publish.cmd === 'publish')
            assert.deepEqual(
              [publish.topic, publish.qos, publish.messageId],
              [topic, packetId ? 1 : 0, packetId || undefined],
            )
            assert.deepEqual([publish.dup, publish.retain, publish.properties], [false, false, undefined])
            assert.ok(payload.equals(Buffer.from(publish.payload)))
          }
    })

test('other packets are framed for a WebSocket and left alone on TCP', () => {
  for (const size of [2, 125, 126, 65_535, 65_536]) {
    const packet = Buffer.alloc(size, 7)
    assert.deepEqual(unframed(frameOf(packet, true)), packet)
    assert.equal(frameOf(packet, false), packet)
  }
})
