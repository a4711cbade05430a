import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { clientFrame } from '../../../../test/helpers/raw-link.ts'
import type { CloseReason } from '../reasons.ts'
import { TurnEnd } from './turn-end.ts'
import { WebSocketTransport } from './websocket.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A peer that sends what it is told, and reads only where it does. */
function open({ isReading = true } = {}) {
  const written: Buffer[] = []
  const told: string[] = []
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk)
      if (isReading) done()
    },
  })
  const transport = new WebSocketTransport(socket, undefined, {
    turnEnd: new TurnEnd(),
    connectBytesMax: 1_000,
  })
  transport.start({
    onData: (chunk) => void told.push(chunk.toString()),
    onDrained: () => void told.push('drained'),
    onUnfinished: (bytes) => void told.push(`unfinished ${bytes}`),
    onViolation: (reason: CloseReason) => void told.push(reason),
    onClosed: () => void told.push('closed'),
  })
  const send = async (...frames: readonly Buffer[]): Promise<void> => {
    for (const frame of frames) socket.push(frame)
    await turn()
    await turn()
  }
  return { socket, transport, told, send, written: () => Buffer.concat(written).toString('hex') }
}

test('a client that closes is answered with its own code, and then the socket goes', async () => {
  const { told, send, written } = open()
  await send(clientFrame(Buffer.from('03e9', 'hex'), { opcode: 8 }), clientFrame(Buffer.from('late')))
  assert.equal(written(), '880203e9')
  assert.deepEqual(told, ['closed'])
})

test('a client that gives no code is given none, and one that just ends is ended', async () => {
  const closing = open()
  await closing.send(clientFrame(Buffer.alloc(0), { opcode: 8 }))
  assert.deepEqual([closing.written(), closing.told], ['8800', ['closed']])
  const ending = open()
  ending.socket.push(null)
  await ending.send()
  assert.deepEqual([ending.written(), ending.told], ['', ['closed']])
})

test('what was written goes out before the close frame, nothing after it, and the answer to it ends the socket', async () => {
  const { transport, told, send, written } = open()
  transport.write(Buffer.from('82026f6b', 'hex'))
  transport.close()
  transport.write(Buffer.from('late'))
  transport.close(1001)
  assert.equal(written(), `82026f6b${'880203e8'}`)
  assert.deepEqual(told, [])
  await send(clientFrame(Buffer.from('03e8', 'hex'), { opcode: 8 }))
  assert.deepEqual([written(), told], [`82026f6b${'880203e8'}`, ['closed']])
})

test('a broken frame is told with its code, and nothing that follows is read', async () => {
  const { told, send, written } = open()
  await send(clientFrame(Buffer.from('a')), Buffer.from('820161', 'hex'), clientFrame(Buffer.from('b')))
  assert.deepEqual([written(), told], ['880203ea', ['a', 'malformed_packet']])
})

test('who pings without end and never reads is given no more pongs than a socket may hold', async () => {
  const { transport, send } = open({ isReading: false })
  transport.admitted()
  const ping = clientFrame(Buffer.alloc(125), { opcode: 9 })
  for (let round = 0; round < 40; round++) await send(...Array(50).fill(ping))
  assert.ok(transport.bufferedBytes() < 80_000, `${transport.bufferedBytes()} bytes`)
  assert.ok(transport.bufferedBytes() > 60_000, 'and it was given those')
})

test('what is kept of a message that is not whole is told once it is much, and only of those who are known', async () => {
  const { transport, told, send } = open()
  const large = clientFrame(Buffer.alloc(6_000, 'x'))
  await send(large.subarray(0, 1_500))
  assert.deepEqual(told, [])
  transport.admitted()
  await send(large.subarray(1_500, 4_000), large.subarray(4_000, 4_200))
  assert.deepEqual(told, ['unfinished 4192'])
  await send(large.subarray(4_200))
  assert.deepEqual(
    told.map(({ length }) => length),
    ['unfinished 4192'.length, 6_000],
  )
})

test('a stranger may send twice the largest packet before it is known, in whatever frames', async () => {
  const { told, send } = open()
  const ping = clientFrame(Buffer.alloc(100), { opcode: 9 })
  await send(...Array(18).fill(ping))
  assert.deepEqual(told, [])
  await send(ping)
  assert.deepEqual(told, ['packet_too_large', 'closed'])
})
