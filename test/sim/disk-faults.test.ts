import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import type { Files, LogFile, ReadableFile } from '../../server/src/store/embedded/embedded.ts'
import type { SeeFiles } from './disk.ts'
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

  it('that takes a torn write for a whole one', async () => {
    const trusting: SeeFiles = (files) => ({
      ...files,
      open: (name) => (name.endsWith('.log') ? withGoodSums(files.open(name)) : files.open(name)),
    })
    assert(await isCaught(trusting))
  })
})
