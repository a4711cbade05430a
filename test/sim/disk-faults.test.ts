import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import type { Files, LogFile, ReadableFile } from '../../server/src/store/embedded/embedded.ts'
import { createFakeClock, inTime } from '../helpers/fake-clock.ts'
import { MemoryDisk } from '../helpers/memory-disk.ts'
import type { Dice } from './dice.ts'
import { openSmallRows, type SeeFiles } from './disk.ts'
import { World } from './world.ts'

const STEPS = 600
/** The first two find all of it as the world is now; the others are for when it changes. */
const SEEDS = [1, 17, ...Array.from({ length: 40 }, (_, index) => index + 20)]

/** Whether a run with the fault ends with something that must not be. */
async function isCaught(seeFiles: SeeFiles): Promise<boolean> {
  for (const seed of SEEDS) {
    const failure = await new World(seed, undefined, seeFiles).run(STEPS).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure !== undefined) return true
  }
  return false
}

function withLog(files: Files, change: (log: LogFile) => Pick<LogFile, 'write'>): Files {
  return {
    ...files,
    async openLog(name) {
      const log = await files.openLog(name)
      return { ...log, ...change(log) }
    },
  }
}

const UNIT_BYTES = 512
const RECORD = 0x52434c31

/** Every record has the checksum of what is there: as if nobody looked at it. */
function withGoodSums(file: ReadableFile): ReadableFile {
  return {
    ...file,
    read(bytes, position) {
      const read = file.read(bytes, position)
      const log = Buffer.from(bytes.buffer, bytes.byteOffset, read)
      for (let at = 0; at + UNIT_BYTES <= log.length; at += UNIT_BYTES) {
        if (log.readUInt32BE(at) !== RECORD) continue
        const end = at + log.readUInt32BE(at + 8)
        if (end <= log.length) log.writeUInt32BE(crc32(log.subarray(at + 8, end)), at + 4)
      }
      return read
    },
  }
}

describe('the simulation finds a disk engine', () => {
  it('that confirms before its write has ended', async () => {
    const early: SeeFiles = (files) =>
      withLog(files, (log) => ({
        async write(bytes, position) {
          log.write(bytes, position).catch(() => {})
        },
      }))
    assert(await isCaught(early))
  })

  it('that does not look whether the store is still its own', async () => {
    const blind: SeeFiles = (files) => ({ ...files, identityOf: () => 'the same as ever' })
    assert(await isCaught(blind))
  })
})

/** Everything as the simulation's disk has it, but that a crash leaves so many bytes of the write that was under way. */
function tearingAt(bytes: number): Dice {
  return {
    // Operations take no time.
    roll: (sides) => (sides === 6 ? 0 : bytes),
    chance: (percent) => percent === 70,
    pick: () => assert.fail('nothing is picked'),
  }
}

const KEY = Buffer.from('key')
const BEFORE = Buffer.alloc(1200, 1)
const AFTER = Buffer.alloc(1200, 2)

/** What is there after a process died in a write of which so many bytes came to the disk. */
async function valueAfterTear(bytes: number, seeFiles: SeeFiles): Promise<Uint8Array | undefined> {
  const clock = createFakeClock()
  const disk = new MemoryDisk({ time: { clock, dice: tearingAt(bytes) } })
  const put = (value: Uint8Array) => [{ table: 'meta', key: KEY, value }] as const
  const open = (files: Files) => inTime(clock, openSmallRows(seeFiles(files), clock))
  const files = disk.open()
  const rows = await open(files)
  await inTime(clock, rows.commit(put(BEFORE)))
  rows.commit(put(AFTER)).catch(() => undefined)
  await new Promise((resolve) => setImmediate(resolve))
  files.die()
  const again = await open(disk.open())
  return again.get('meta', KEY)
}

/** The first torn write after which there is neither what was before nor what was to come. */
async function firstFound(seeFiles: SeeFiles): Promise<number | undefined> {
  for (let bytes = 0; bytes < TORN_BYTES_MAX; bytes += 64) {
    const value = await valueAfterTear(bytes, seeFiles).catch(() => undefined)
    const isWhole = value !== undefined && [BEFORE, AFTER].some((one) => one.equals(value))
    if (!isWhole) return bytes
  }
  return undefined
}

/** Of three units: the whole of the write. */
const TORN_BYTES_MAX = 3 * UNIT_BYTES

describe('a write torn at any place', () => {
  it('leaves what was before, or the whole of it', async () => {
    assert.equal(await firstFound((files) => files), undefined)
    assert.ok(
      AFTER.equals((await valueAfterTear(TORN_BYTES_MAX, (files) => files)) ?? Buffer.alloc(0)),
      'it is the write that is torn',
    )
  })

  it('is found where a disk engine takes it for a whole one', async () => {
    const trusting: SeeFiles = (files) => ({
      ...files,
      open: (name) => (name.endsWith('.log') ? withGoodSums(files.open(name)) : files.open(name)),
    })
    assert.notEqual(await firstFound(trusting), undefined)
  })
})
