import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { SocketWriter } from './socket-writer.ts'
import { TickEnd } from './tick-end.ts'

test('frames of one tick cost two system calls, however many turns of promises they come in', async () => {
  const calls: number[] = []
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      calls.push(1)
      done()
    },
    writev: (chunks, done) => {
      calls.push(chunks.length)
      done()
    },
  })
  const one = new SocketWriter(socket, new TickEnd())
  // As the events of one commit do: each goes on in a turn of its own.
  const committed = Promise.resolve()
  const events = Array.from({ length: 100 }, async () => {
    await committed
    one.writeFrame(Buffer.from('x'))
  })
  await Promise.all(events)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(calls, [1, 99])
  one.writeFrame(Buffer.from('x'))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(calls, [1, 99, 1])
})
