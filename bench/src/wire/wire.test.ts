import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDigits, writeDigits } from './digits.ts'
import { takeResponses } from './http-response.ts'
import { connectPacket, takePackets } from './mqtt-packets.ts'
import { Splitter, type TakeUnit } from './splitter.ts'
import { clientFrame, takeFrames } from './websocket-frames.ts'

/** Feeds the bytes in two parts, for every place where they can be torn apart. */
function tornEverywhere(bytes: Buffer, makeTake: () => TakeUnit, check: (at: number) => void): void {
  for (let at = 0; at <= bytes.length; at++) {
    const splitter = new Splitter(makeTake())
    // In a buffer with old bytes behind, as sockets read into.
    const readBuffer = Buffer.alloc(bytes.length * 2, 'HTTP/1.1 500 Old\r\nContent-Length: 3\r\n\r\nold')
    for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) {
      part.copy(readBuffer)
      splitter.push(readBuffer, 0, part.length)
    }
    check(at)
  }
}

test('HTTP answers are found wherever they are torn apart', () => {
  const bytes = Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n' +
      'HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n',
  )
  let answers: string[] = []
  const makeTake = () => {
    answers = []
    return takeResponses((status, all, start, end) =>
      answers.push(`${status} ${all.toString('utf8', start, end)}`),
    )
  }
  tornEverywhere(bytes, makeTake, (at) =>
    assert.deepEqual(answers, ['200 1', '204 ', '429 '], `torn at ${at}`),
  )
})

test('an answer whose end cannot be told is refused', () => {
  const take = takeResponses(() => {})
  const bytes = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  assert.throws(() => take(bytes, 0, bytes.length), /Content-Length/)
})

test('MQTT packets in WebSocket frames are found wherever they are torn apart', () => {
  // Long enough for a remaining length and a frame length of more than one byte.
  const connect = { clientId: 'c', userName: 'u', password: 'p'.repeat(300), keepAliveSeconds: 60 }
  const packet = connectPacket(connect)
  // A client's frame with a zero mask; takeFrames reads the server's, which have none.
  const unmasked = Buffer.concat([Buffer.from([0x82, 126, packet.length >> 8, packet.length & 0xff]), packet])
  let found: string[] = []
  const makeTake = () => {
    found = []
    const packets = new Splitter(
      takePackets((first, bytes, start, end) =>
        found.push(`${first >> 4} ${bytes.toString('latin1', start, end)}`),
      ),
    )
    return takeFrames({
      onData: (bytes, start, end) => packets.push(bytes, start, end),
      onPing: () => {},
      onClose: () => {},
    })
  }
  const expected = `1 ${packet.toString('latin1', 3)}`
  tornEverywhere(Buffer.concat([unmasked, unmasked]), makeTake, (at) =>
    assert.deepEqual(found, [expected, expected], `torn at ${at}`),
  )
})

test('a frame of a client is masked, with its length in one byte or in two', () => {
  assert.deepEqual([...clientFrame(Buffer.from([7]))], [0x82, 0x81, 0, 0, 0, 0, 7])
  assert.deepEqual([...clientFrame(Buffer.alloc(126)).subarray(0, 8)], [0x82, 0xfe, 0, 126, 0, 0, 0, 0])
})

test('digits keep their width, or are refused', () => {
  const bytes = Buffer.from('[....]')
  writeDigits(bytes, 1, 4, 42)
  assert.equal(bytes.toString(), '[0042]')
  assert.equal(readDigits(bytes, 1, 4), 42)
  assert.ok(Number.isNaN(readDigits(bytes, 0, 4)))
  assert.throws(() => writeDigits(bytes, 1, 4, 10_000), RangeError)
})
