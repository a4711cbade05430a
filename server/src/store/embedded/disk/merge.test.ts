import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MemoryDisk } from '../../../../../test/helpers/memory-disk.ts'
import type { Cursor } from './cursor.ts'
import type { Files } from './files.ts'
import { writeRuns } from './merge.ts'

/** A disk on which only so many files find room. */
function narrow(files: Files, creations: number): Files {
  let left = creations
  return {
    ...files,
    create: (name) => (left-- > 0 ? files.create(name) : Promise.reject(new Error('ENOSPC'))),
  }
}

function rows(count: number): Cursor {
  let place = 0
  return {
    get key() {
      return place < count ? String.fromCharCode(1) + String(place).padStart(6, '0') : undefined
    },
    value: () => Buffer.alloc(500, 1),
    isRemoved: () => false,
    next: () => void place++,
  }
}

it('a merge that finds no room for its third run gives back what the first two took', async () => {
  const files = new MemoryDisk().open()
  const target = { storeId: '00', level: 1, older: [], fences: [], runBytes: 20_000, firstNumber: 1 }
  await assert.rejects(writeRuns(narrow(files, 2), target, rows(200)), /ENOSPC/)
  assert.deepEqual(files.list(), [])
  assert.ok((await writeRuns(files, target, rows(200))).length > 3)
  assert.ok(files.list().length > 3)
})
