import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryDisk } from '../../../../../test/helpers/memory-disk.ts'
import { movedRun, nextCompaction } from './compaction.ts'
import type { Cursor } from './cursor.ts'
import type { Files } from './files.ts'
import { Levels } from './levels.ts'
import { merge, writeRuns } from './merge.ts'
import { Run } from './run.ts'
import { SIZES } from './sizes.ts'

const STORE = '00112233445566ff'
const APPENDED = 5
const keyOf = (tableId: number, text: string) => String.fromCharCode(tableId) + text

/** Rows of these keys, ascending. */
function rowsOf(...keys: readonly string[]): Cursor {
  let place = 0
  return {
    get key() {
      return keys[place]
    },
    value: () => Buffer.from('value'),
    isRemoved: () => false,
    next: () => void place++,
  }
}

let numbers = 1

async function write(files: Files, level: number, ...keys: readonly string[]): Promise<readonly Run[]> {
  const firstNumber = numbers
  numbers += 10
  const target = { storeId: STORE, level, older: [], fences: [], runBytes: SIZES.runBytes, firstNumber }
  return (await writeRuns(files, target, rowsOf(...keys))).map((info) => new Run(files, info, STORE))
}

describe('levels', () => {
  it('have a place at the end of a table to which rows are added', async () => {
    const files = new MemoryDisk().open()
    const empty = new Levels([], [APPENDED])
    assert.deepEqual(empty.ends, [[keyOf(5, ''), keyOf(6, '')]])
    const runs = [
      await write(files, 1, keyOf(3, 'a'), keyOf(4, 'b')),
      await write(files, 1, keyOf(5, 'a'), keyOf(5, 'b')),
      await write(files, 0, keyOf(5, 'a'), keyOf(5, 'c'), keyOf(7, 'c')),
      await write(files, 1, keyOf(6, 'a')),
    ]
    const levels = new Levels(runs.flat(), [APPENDED])
    assert.deepEqual(levels.ends, [[keyOf(5, 'c\0'), keyOf(6, '')]])
    assert.deepEqual(new Levels(runs.flat()).ends, [])
    // Of the lowest level it is: those above it are asked before it, each by itself.
    const wide = await write(files, 1, keyOf(4, 'c'), keyOf(7, 'd'))
    const low = await write(files, 2, keyOf(5, 'a'))
    assert.deepEqual(new Levels([...wide, ...low], [APPENDED]).ends, [[keyOf(5, 'a\0'), keyOf(6, '')]])
    assert.deepEqual(new Levels(wide, [APPENDED]).ends, [])
  })

  it('have none where a run of a former version reaches over that end, until it was written again', async () => {
    const files = new MemoryDisk().open()
    const [wide] = await write(files, 1, keyOf(3, 'a'), keyOf(5, 'b'), keyOf(6, 'c'))
    const level0 = []
    for (const text of ['a', 'b', 'c', 'd'])
      level0.push(...(await write(files, 0, keyOf(5, text), keyOf(7, text))))
    assert.ok(wide !== undefined)
    const levels = new Levels([wide, ...level0], [APPENDED])
    assert.deepEqual(levels.ends, [])

    const compaction = nextCompaction(levels, SIZES, new Map())
    assert.ok(compaction !== undefined && movedRun(compaction) === undefined)
    const { level, groups, older, fences } = compaction
    assert.deepEqual(fences, [keyOf(5, ''), keyOf(6, '')])
    const infos = groups.map((group) => group.map(({ info }) => info))
    const job = {
      storeId: STORE,
      level,
      older,
      fences,
      runBytes: SIZES.runBytes,
      firstNumber: 900,
      groups: infos,
    }
    const runs = (await merge(files, job)).map((info) => new Run(files, info, STORE))
    assert.deepEqual(
      runs.map(({ first, last }) => [first, last]),
      [
        [keyOf(3, 'a'), keyOf(3, 'a')],
        [keyOf(5, 'a'), keyOf(5, 'd')],
        [keyOf(6, 'c'), keyOf(7, 'd')],
      ],
    )
    assert.deepEqual(new Levels(runs, [APPENDED]).ends, [[keyOf(5, 'd\0'), keyOf(6, '')]])
  })
})
