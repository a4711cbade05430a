import assert from 'node:assert/strict'
import type { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as ws from 'ws'
import { createDice, type Dice } from '../../../../test/sim/dice.ts'
import { FrameError, FrameReader } from './frame-reader.ts'

const MESSAGE_BYTES_MAX = 70_000

/** What a reader made of a stream, in order. */
type Read = readonly string[]

function readByOurs(chunks: readonly Buffer[]): Read {
  const read: string[] = []
  const reader = new FrameReader(
    {
      onMessage: (payload) => void read.push(`message ${payload.toString('base64')}`),
      onPing: (payload) => void read.push(`ping ${payload.toString('base64')}`),
      onClose: (code) => void read.push(`close ${code ?? 1005}`),
    },
    MESSAGE_BYTES_MAX,
  )
  for (const chunk of chunks)
    try {
      reader.push(Buffer.from(chunk))
    } catch (error) {
      assert(error instanceof FrameError)
      read.push(`error ${error.code}`)
    }
  return read
}

/** Exported, and in no types. */
const Receiver = Reflect.get(ws, 'Receiver') as new (options: object) => Writable

/** The library that read frames here before. */
async function readByWs(chunks: readonly Buffer[]): Promise<Read> {
  const read: string[] = []
  const receiver = new Receiver({
    ...{ isServer: true, maxPayload: MESSAGE_BYTES_MAX, maxFragments: 256, maxBufferedChunks: 2_048 },
  })
  let isOver = false
  receiver.on('message', (data: Buffer) => void read.push(`message ${data.toString('base64')}`))
  receiver.on('ping', (data: Buffer) => void read.push(`ping ${data.toString('base64')}`))
  receiver.on('conclude', (code: number) => {
    isOver = true
    read.push(`close ${code}`)
  })
  receiver.on('error', (error: object) => {
    isOver = true
    const status = Object.getOwnPropertySymbols(error).find(
      ({ description }) => description === 'status-code',
    )
    read.push(`error ${status === undefined ? '?' : Reflect.get(error, status)}`)
  })
  for (const chunk of chunks) {
    if (isOver) break
    receiver.write(Buffer.from(chunk))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return read
}

/** What buffers hold once what is garbage was collected, which they are told of a little later. */
async function arrayBuffersBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().arrayBuffers
}

type Frame = {
  readonly opcode: number
  readonly isFinal: boolean
  readonly payload: Buffer
  readonly isMasked?: boolean
  readonly reserved?: number
  /** Bytes that its length is written in, where that is not the fewest. */
  readonly lengthBytes?: number
}

function bytesOf(
  dice: Dice,
  { opcode, isFinal, payload, isMasked = true, reserved = 0, lengthBytes }: Frame,
): Buffer {
  const { length } = payload
  const width = lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8)
  const mark = width === 0 ? length : width === 2 ? 126 : 127
  const size = Buffer.alloc(width)
  if (width === 2) size.writeUInt16BE(length)
  if (width === 8) size.writeBigUInt64BE(BigInt(length))
  const mask = Buffer.from([dice.roll(256), dice.roll(256), dice.roll(256), dice.roll(256)])
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  const head = Buffer.of(first, (isMasked ? 0x80 : 0) | mark)
  return Buffer.concat([head, size, ...(isMasked ? [mask, masked] : [payload])])
}

function payloadOf(dice: Dice): Buffer {
  const sizes = [0, 1, 5, 125, 126, 127, 300, 4_000, 65_535, 65_536, 69_999]
  const length = dice.chance(70) ? dice.roll(40) : dice.pick(sizes)
  return Buffer.alloc(length, dice.roll(256))
}

/** Messages in one frame or several, with pings in between, and now and then what no client may send. */
function framesOf(dice: Dice): readonly Frame[] {
  const frames: Frame[] = []
  for (let message = dice.roll(6); message >= 0; message--) {
    const parts = dice.chance(70) ? 1 : 1 + dice.roll(5)
    for (let part = 1; part <= parts; part++) {
      frames.push({ opcode: part === 1 ? 2 : 0, isFinal: part === parts, payload: payloadOf(dice) })
      if (dice.chance(10))
        frames.push({ opcode: 9 + dice.roll(2), isFinal: true, payload: Buffer.alloc(dice.roll(126), 1) })
    }
  }
  if (dice.chance(50)) frames.splice(dice.roll(frames.length + 1), 0, badFrame(dice))
  if (dice.chance(30)) frames.push({ opcode: 8, isFinal: true, payload: closing(dice) })
  return frames
}

function closing(dice: Dice): Buffer {
  const code = dice.pick([1000, 1001, 1003, 1004, 1005, 1006, 1011, 1014, 1015, 2999, 3000, 4999, 5000, 0])
  const payload = Buffer.alloc(2 + dice.roll(4), dice.chance(80) ? 0x61 : 0xff)
  payload.writeUInt16BE(code)
  return dice.chance(10) ? payload.subarray(0, dice.roll(2)) : payload
}

function badFrame(dice: Dice): Frame {
  const good = { opcode: 2, isFinal: true, payload: payloadOf(dice) }
  return dice.pick<Frame>([
    { ...good, isMasked: false },
    { ...good, reserved: 1 + dice.roll(7) },
    { ...good, opcode: dice.pick([0, 3, 4, 7, 11, 15]) },
    { ...good, opcode: 9, payload: Buffer.alloc(126) },
    { ...good, opcode: 9, isFinal: false, payload: Buffer.alloc(1) },
    { ...good, payload: Buffer.alloc(MESSAGE_BYTES_MAX + 1) },
    { ...good, lengthBytes: 8 },
    { ...good, isFinal: false },
  ])
}

/** As the network gives them: cut anywhere. */
function cut(dice: Dice, bytes: Buffer): readonly Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const to = at + 1 + (dice.chance(50) ? dice.roll(12) : dice.roll(20_000))
    chunks.push(bytes.subarray(at, to))
    at = to
  }
  return chunks
}

describe('frames of clients', () => {
  it('are read as ws reads them, however they are cut, good and bad ones', async () => {
    const seen = new Map<string, number>()
    for (let seed = 1; seed <= 300; seed++) {
      const dice = createDice(seed)
      const chunks = cut(dice, Buffer.concat(framesOf(dice).map((frame) => bytesOf(dice, frame))))
      const [ours, theirs] = [readByOurs(chunks), await readByWs(chunks)]
      assert.deepEqual(ours, theirs, `seed ${seed}`)
      for (const [what = ''] of ours.map((line) => /^(message|ping|close|error \d+)/.exec(line) ?? []))
        seen.set(what, (seen.get(what) ?? 0) + 1)
    }
    for (const what of ['message', 'ping', 'close', 'error 1002', 'error 1009'])
      assert.ok((seen.get(what) ?? 0) >= 5, `${what}: ${[...seen]}`)
  })

  it('with any byte changed, too', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const dice = createDice(1_000 + seed)
      const bytes = Buffer.concat(framesOf(dice).map((frame) => bytesOf(dice, frame))).subarray(0, 2_000)
      for (let change = 0; change < 3; change++) bytes[dice.roll(Math.min(40, bytes.length))] = dice.roll(256)
      const chunks = cut(dice, bytes)
      const [ours, theirs] = [readByOurs(chunks), await readByWs(chunks)]
      // Text is refused at its head already, of which ws waits for the end.
      if (ours.at(-1) === 'error 1003') assert.deepEqual(ours.slice(0, -1), theirs.slice(0, ours.length - 1))
      else assert.deepEqual(ours, theirs, `seed ${seed}`)
    }
  })

  it('are read byte by byte as at once, and keep nothing when they are over', () => {
    const dice = createDice(7)
    const frame = { opcode: 2, isFinal: true, payload: Buffer.from('abcdefgh') }
    const bytes = bytesOf(dice, frame)
    assert.deepEqual(readByOurs([...bytes].map((byte) => Buffer.of(byte))), readByOurs([bytes]))
    const reader = new FrameReader({ onMessage() {}, onPing() {}, onClose() {} }, MESSAGE_BYTES_MAX)
    reader.push(Buffer.from(bytes.subarray(0, 10)))
    assert.equal(reader.heldBytes, 4)
    reader.push(Buffer.from(bytes.subarray(10)))
    assert.equal(reader.heldBytes, 0)
  })

  it('whose bytes come with much else keep no more than they are', async () => {
    const dice = createDice(9)
    const pings = Buffer.concat(
      Array.from({ length: 500 }, () =>
        bytesOf(dice, { opcode: 10, isFinal: true, payload: Buffer.alloc(120) }),
      ),
    )
    const reader = new FrameReader({ onMessage() {}, onPing() {}, onClose() {} }, MESSAGE_BYTES_MAX)
    const before = await arrayBuffersBytes()
    for (let part = 0; part < 200; part++) {
      const frame = { opcode: part === 0 ? 2 : 0, isFinal: false, payload: Buffer.of(1) }
      reader.push(Buffer.concat([bytesOf(dice, frame), pings]))
    }
    const kept = (await arrayBuffersBytes()) - before
    assert.equal(reader.heldBytes, 200)
    assert.ok(kept < pings.length * 10, `${kept} bytes are kept`)
  })

  it('of more pieces than bytes are worth are refused', () => {
    const dice = createDice(8)
    const tiny = { opcode: 0, isFinal: false, payload: Buffer.of(1) }
    const many = [{ ...tiny, opcode: 2 }, ...Array(256).fill(tiny)].map((frame) => bytesOf(dice, frame))
    assert.deepEqual(readByOurs(many), ['error 1008'])
    const long = bytesOf(dice, { opcode: 2, isFinal: true, payload: Buffer.alloc(3_000) })
    const dripped = [long.subarray(0, 8), ...[...long.subarray(8)].map((byte) => Buffer.of(byte))]
    assert.deepEqual(readByOurs(dripped), ['error 1008'])
  })
})
