import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { SocketWriter } from './socket-writer.ts'
import { TickEnd } from './tick-end.ts'

/** Keeps each system call's worth of bytes. */
function recordingSocket(calls: string[]): Duplex {
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, callback) {
      calls.push(chunk.toString())
      callback()
    },
    writev(chunks, callback) {
      calls.push(chunks.map(({ chunk }) => String(chunk)).join('+'))
      callback()
    },
  })
}

const endOfTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

test('the first frame of a tick goes out at once, the others of it together', async () => {
  const calls: string[] = []
  const writer = new SocketWriter(recordingSocket(calls), new TickEnd())
  for (const name of ['a', 'b', 'c']) writer.writeFrame(Buffer.from(name))
  assert.deepEqual(calls, ['a'])
  await endOfTick()
  assert.deepEqual(calls, ['a', 'b+c'])
  writer.writeFrame(Buffer.from('d'))
  assert.deepEqual(calls, ['a', 'b+c', 'd'])
  assert.equal(writer.takenBytes(), 4)
  assert.equal(writer.bufferedBytes(), 0)
})

test('sockets of one tick do not wait for each other', async () => {
  const tickEnd = new TickEnd()
  const [one, two]: [string[], string[]] = [[], []]
  const writers = [one, two].map((calls) => new SocketWriter(recordingSocket(calls), tickEnd))
  for (const name of ['a', 'b']) for (const writer of writers) writer.writeFrame(Buffer.from(name))
  assert.deepEqual([one, two], [['a'], ['a']])
  await endOfTick()
  assert.deepEqual(
    [one, two],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  )
})
