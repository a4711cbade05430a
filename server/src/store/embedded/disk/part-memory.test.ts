import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { systemClock } from '../../../clock/clock.ts'
import { numberKey } from '../keys.ts'
import type { Rows } from '../rows.ts'
import { openDiskRows } from './disk-rows.ts'
import { Memtable } from './memtable.ts'
import { inlineMerger } from './mergers.ts'
import { makeFolder, nodeFiles } from './node-files.ts'
import { PartMemory } from './part-memory.ts'

const scratch = mkdtempSync(join(tmpdir(), 'rollcall-parts-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const PART_BYTES = 16_384
const VALUE_BYTES = 1000
const PARTS = 12

const tableOf = (bytes: number) => new Memtable(Buffer.alloc(bytes))

it('gives the memory of a part that is over to one of the same size, and only once', () => {
  const memory = new PartMemory()
  const over = tableOf(PART_BYTES)
  memory.giveBack(over)
  assert.notEqual(memory.take(PART_BYTES * 2), over.memory)
  assert.equal(memory.take(PART_BYTES), over.memory)
  assert.notEqual(memory.take(PART_BYTES), over.memory)
})

it('keeps the memory of few parts', () => {
  const memory = new PartMemory()
  const tables = Array.from({ length: 20 }, () => tableOf(PART_BYTES))
  for (const table of tables) memory.giveBack(table)
  const known = new Set(tables.map((table) => table.memory))
  const taken = tables.map(() => memory.take(PART_BYTES))
  assert.equal(taken.filter((bytes) => known.has(bytes)).length, 4)
})

it('keeps that of the parts there will be more of, not of the small ones that a log begins with', () => {
  const memory = new PartMemory()
  for (const bytes of [1_000, 4_000]) memory.giveBack(tableOf(bytes))
  const tables = Array.from({ length: 4 }, () => tableOf(PART_BYTES))
  for (const table of tables) memory.giveBack(table)
  const known = new Set(tables.map((table) => table.memory))
  for (const _ of tables) assert.ok(known.has(memory.take(PART_BYTES)))
})

it('leaves alone what somebody may have read values of', () => {
  const memory = new PartMemory()
  const over = tableOf(PART_BYTES)
  const bytes = over.memory
  over.lend()
  memory.giveBack(over)
  assert.notEqual(memory.take(PART_BYTES), bytes)
})

it('a value that a reader has kept stays what it was while the log goes on', async () => {
  const rows = await open(join(scratch, 'kept'))
  for (let key = 0; key < PARTS; key++) await put(rows, key)
  const kept: { readonly key: number; readonly value: Uint8Array }[] = []
  await rows.scan('mailbox', (key, value) => void kept.push({ key: Buffer.from(key).readUInt32BE(4), value }))
  assert.equal(kept.length, PARTS)
  // Far more than all parts hold together: each that there was has become a run, and others have come.
  for (let key = PARTS; key < (PARTS * 4 * PART_BYTES) / VALUE_BYTES; key++) await put(rows, key)
  for (const { key, value } of kept) assert.deepEqual(Buffer.from(value), bytesOf(key), `row ${key}`)
  await rows.close()
})

function open(folder: string): Promise<Rows> {
  makeFolder(folder)
  const files = nodeFiles(folder)
  const sizes = {
    firstPartBytes: PART_BYTES,
    partBytesMax: PART_BYTES,
    flushBytes: PART_BYTES,
    runBytes: 8192,
  }
  return openDiskRows({
    files,
    merger: inlineMerger(files),
    clock: systemClock(),
    newStoreId: () => '00112233445566ff',
    sizes: { ...sizes, level1Bytes: 32_768, garbageBytesMin: 8192 },
  })
}

const bytesOf = (key: number) => Buffer.alloc(VALUE_BYTES, key % 256)

function put(rows: Rows, key: number): Promise<void> {
  return rows.commit([{ table: 'mailbox', key: numberKey(key), value: bytesOf(key) }])
}
