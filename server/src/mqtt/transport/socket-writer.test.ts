import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { SocketWriter } from './socket-writer.ts'
import { TurnEnd } from './turn-end.ts'

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

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the frames of a turn go out together at its end', async () => {
  const calls: string[] = []
  const writer = new SocketWriter(recordingSocket(calls), new TurnEnd())
  for (const name of ['a', 'b', 'c']) writer.writeFrame(Buffer.from(name))
  assert.deepEqual(calls, [])
  assert.equal(writer.bufferedBytes(), 3)
  await endOfTurn()
  assert.deepEqual(calls, ['a+b+c'])
  writer.writeFrame(Buffer.from('d'))
  await endOfTurn()
  assert.deepEqual(calls, ['a+b+c', 'd'])
  assert.equal(writer.takenBytes(), 4)
  assert.equal(writer.bufferedBytes(), 0)
})

test('what is held goes out at once when the turn is ended early, as before a close', async () => {
  const calls: string[] = []
  const writer = new SocketWriter(recordingSocket(calls), new TurnEnd())
  writer.writeFrame(Buffer.from('last'))
  writer.endTurn()
  assert.deepEqual(calls, ['last'])
  await endOfTurn()
  assert.deepEqual(calls, ['last'])
})

test('one end of the turn serves all sockets', async () => {
  const turnEnd = new TurnEnd()
  const [one, two]: [string[], string[]] = [[], []]
  const writers = [one, two].map((calls) => new SocketWriter(recordingSocket(calls), turnEnd))
  for (const name of ['a', 'b']) for (const writer of writers) writer.writeFrame(Buffer.from(name))
  await endOfTurn()
  assert.deepEqual([one, two], [['a+b'], ['a+b']])
})
