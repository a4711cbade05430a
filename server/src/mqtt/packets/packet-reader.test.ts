import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacketReader } from './packet-reader.ts'

const packet = (bodyBytes: number, fill: number): Buffer => {
  const length = bodyBytes < 128 ? [bodyBytes] : [(bodyBytes & 0x7f) | 0x80, (bodyBytes >> 7) & 0x7f]
  return Buffer.concat([Buffer.from([0x30, ...length]), Buffer.alloc(bodyBytes, fill)])
}

test('packets come out as they went in, however they are cut', () => {
  const packets = [packet(0, 0), packet(5, 1), packet(300, 2), packet(2, 3), packet(9000, 4), packet(1, 5)]
  const stream = Buffer.concat(packets)
  for (const size of [1, 2, 3, 7, 64, 301, 4096, stream.length]) {
    const reader = new PacketReader()
    const out: Buffer[] = []
    for (let at = 0; at < stream.length; at += size) {
      reader.push(stream.subarray(at, at + size))
      for (let next = reader.next(10_000); next !== undefined; next = reader.next(10_000))
        out.push(Buffer.from(next))
    }
    assert.deepEqual(out, packets, `chunks of ${size}`)
    assert.equal(reader.heldBytes, 0)
    assert.equal(reader.nextByte, undefined)
  }
})

test('a packet that was handed out stays as it is while more comes in', () => {
  const reader = new PacketReader()
  const stream = Buffer.concat([packet(40, 1), packet(40, 2)])
  reader.push(stream.subarray(0, 10))
  reader.push(stream.subarray(10, 50))
  const first = reader.next(100)
  reader.push(stream.subarray(50))
  assert.deepEqual(first, packet(40, 1))
  assert.deepEqual(reader.next(100), packet(40, 2))
})

test('a declared length is judged at once, and costs nothing until its bytes come', () => {
  const reader = new PacketReader()
  reader.push(Buffer.from([0x30, 0xff]))
  assert.equal(reader.next(1000), undefined)
  reader.push(Buffer.from([0x7f]))
  assert.throws(() => reader.next(1000), { reason: 'packet_too_large' })
  const exact = new PacketReader()
  exact.push(packet(998 - 1, 0).subarray(0, 5))
  assert.equal(exact.next(1000), undefined)
})

test('lengths that are not in their shortest form, or of five bytes, are malformed', () => {
  for (const bytes of [
    [0x30, 0x80, 0x00],
    [0x30, 0xff, 0x80, 0x00],
    [0x30, 0x80, 0x80, 0x80, 0x80],
  ]) {
    const reader = new PacketReader()
    reader.push(Buffer.from(bytes))
    assert.throws(() => reader.next(1_000_000), { reason: 'malformed_packet' })
  }
})
