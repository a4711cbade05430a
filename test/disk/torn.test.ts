import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Files,
  inlineMerger,
  openDiskRows,
  type RowChange,
  type Rows,
  type Sizes,
} from '../../server/src/store/embedded/embedded.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { MemoryDisk } from '../helpers/memory-disk.ts'

const clock = createFakeClock()
const COMMITS = 12
/** One small part holds all of them. */
const SMALL: Sizes = {
  firstPartBytes: 20_480,
  partBytesMax: 20_480,
  flushBytes: 40_960,
  runBytes: 8192,
  level1Bytes: 32_768,
  garbageBytesMin: 8192,
}

function open(files: Files): Promise<Rows> {
  const merger = inlineMerger(files)
  return openDiskRows({ files, clock, merger, newStoreId: () => '00112233445566ff', sizes: SMALL })
}

function commitOf(number: number): readonly RowChange[] {
  const value = Buffer.from(`value ${number} ${'y'.repeat(100 * (number % 9))}`)
  return [0, 1].map((row) => ({ table: 'mailbox', key: Buffer.from([number, row]), value }))
}

async function rowsOn(disk: MemoryDisk): Promise<readonly string[]> {
  const rows = await open(disk.open())
  const seen: string[] = []
  await rows.scan('mailbox', (key, value) => void seen.push(`${[...key]} ${Buffer.from(value).toString()}`))
  return seen
}

describe('a write that a crash cuts short', () => {
  it('was carried out whole or not at all, at whichever byte it was cut, and nothing before it is lost', async () => {
    for (const commits of [1, 5, COMMITS]) {
      const disk = new MemoryDisk()
      const rows = await open(disk.open())
      for (let number = 1; number < commits; number++) await rows.commit(commitOf(number))
      const before = disk.copy()
      await rows.commit(commitOf(commits))
      await assertWholeOrNothing(before, disk)
    }
  })
})

async function assertWholeOrNothing(before: MemoryDisk, after: MemoryDisk): Promise<void> {
  const [without, whole] = [await rowsOn(before.copy()), await rowsOn(after.copy())]
  assert.equal(whole.length, without.length + 2)
  const name = [...after.files.keys()].find((one) => !same(after.files.get(one), before.files.get(one)))
  const old = before.files.get(name ?? '')
  const written = after.files.get(name ?? '')
  assert.ok(name !== undefined && old !== undefined && written !== undefined)
  const start = written.findIndex((byte, at) => byte !== old[at])
  const end = written.length - [...written].reverse().findIndex((byte, at) => byte !== old.at(-1 - at))
  for (let cut = start; cut <= end; cut++) {
    const torn = before.copy()
    torn.put(name, Buffer.concat([written.subarray(0, cut), old.subarray(cut)]))
    assert.deepEqual(await rowsOn(torn), cut === end ? whole : without, `${cut} of ${start} to ${end}`)
  }
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.equals(b))
}
