import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createDice, type Dice } from '../../../../../test/sim/dice.ts'
import { systemClock } from '../../../clock/clock.ts'
import type { RowChange, Rows, Table } from '../rows.ts'
import { openDiskRows } from './disk-rows.ts'
import type { MergeJob, Merger } from './merge.ts'
import { inlineMerger } from './mergers.ts'
import { makeFolder, nodeFiles } from './node-files.ts'
import type { Sizes } from './sizes.ts'

const clock = systemClock()
const scratch = mkdtempSync(join(tmpdir(), 'rollcall-disk-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0
const newFolder = () => join(scratch, String(folders++))

/** So small that a few thousand rows see everything: parts of the log, all levels, garbage. */
const SMALL: Sizes = {
  firstPartBytes: 4096,
  partBytesMax: 16_384,
  flushBytes: 16_384,
  runBytes: 8192,
  level1Bytes: 32_768,
  garbageBytesMin: 8192,
}

function open(folder: string, onMerge: (job: MergeJob) => void = () => {}): Promise<Rows> {
  makeFolder(folder)
  const files = nodeFiles(folder)
  const inline = inlineMerger(files)
  const merger: Merger = {
    ...inline,
    merge(job) {
      onMerge(job)
      return inline.merge(job)
    },
  }
  return openDiskRows({
    files,
    merger,
    clock,
    newStoreId: () => '00112233445566ff',
    sizes: SMALL,
  })
}

/** What the rows should be: tables by name, rows by key in hexadecimal. */
class Oracle {
  readonly #tables = new Map<Table, Map<string, string>>()

  table(table: Table): Map<string, string> {
    const rows = this.#tables.get(table) ?? new Map<string, string>()
    this.#tables.set(table, rows)
    return rows
  }

  apply(changes: readonly RowChange[]): void {
    for (const { table, key, value } of changes) {
      const name = Buffer.from(key).toString('hex')
      if (value === undefined) this.table(table).delete(name)
      else this.table(table).set(name, Buffer.from(value).toString('hex'))
    }
  }

  sorted(table: Table): readonly [string, string][] {
    return [...this.table(table)].sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

const USED: readonly Table[] = ['liveness', 'mailbox', 'history']

async function assertSame(rows: Rows, oracle: Oracle): Promise<void> {
  for (const table of USED) {
    const seen: [string, string][] = []
    await rows.scan(table, (key, value) => void seen.push([hex(key), hex(value)]))
    assert.deepEqual(seen, oracle.sorted(table), table)
    const keys: string[] = []
    await rows.scanKeys(table, (key) => void keys.push(hex(key)))
    assert.deepEqual(
      keys,
      seen.map(([key]) => key),
    )
    for (const [key, value] of seen)
      assert.equal(hex(rows.get(table, Buffer.from(key, 'hex')) ?? Buffer.alloc(0)), value)
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function numbered(number: number): Buffer {
  const key = Buffer.alloc(8)
  key.writeUInt32BE(number, 4)
  return key
}

/** Changes as the engine makes them: some rows are written over and over, others come and go in order. */
class Traffic {
  readonly #dice: Dice
  #newest = 1
  #oldest = 1

  constructor(dice: Dice) {
    this.#dice = dice
  }

  next(): readonly RowChange[] {
    return Array.from({ length: 1 + this.#dice.roll(6) }, () => this.#change())
  }

  #change(): RowChange {
    const kind = this.#dice.roll(10)
    const value = Buffer.alloc(1 + this.#dice.roll(300), this.#dice.roll(256))
    if (kind < 3) return { table: 'liveness', key: numbered(this.#dice.roll(200)), value }
    if (kind < 4) return { table: 'liveness', key: numbered(this.#dice.roll(200)), value: undefined }
    if (kind < 7) return { table: 'history', key: numbered(this.#newest++), value }
    if (kind < 8) return { table: 'history', key: numbered(this.#oldest++), value: undefined }
    const key = numbered(this.#dice.roll(this.#newest))
    return { table: 'mailbox', key, value: kind === 8 ? value : undefined }
  }
}

describe('rows on a disk', () => {
  it('are what was committed, through parts of the log, runs, merges and restarts', async () => {
    for (const seed of [1, 2]) {
      const dice = createDice(seed)
      const traffic = new Traffic(dice)
      const oracle = new Oracle()
      let folder = newFolder()
      let rows = await open(folder)
      for (let step = 0; step < 1000; step++) {
        const changes = traffic.next()
        await rows.commit(changes)
        oracle.apply(changes)
        if (step % 300 === 299) await assertSame(rows, oracle)
        if (step % 500 === 250) {
          await rows.close()
          rows = await open(folder)
        }
        if (step % 500 === 400) {
          const copy = newFolder()
          copyAsIs(folder, copy)
          await rows.close()
          folder = copy
          rows = await open(folder)
        }
      }
      await assertSame(rows, oracle)
      await rows.close()
      assert.ok(readdirSync(folder).some((name) => name.endsWith('.rows')))
    }
  })

  it('keep a commit of any size whole', async () => {
    const folder = newFolder()
    const rows = await open(folder)
    const changes = Array.from({ length: 5000 }, (_, number) => ({
      table: 'mailbox' as const,
      key: numbered((number * 7919) % 5000),
      value: Buffer.alloc(1 + (number % 3000), number % 256),
    }))
    const oracle = new Oracle()
    await rows.commit(changes)
    oracle.apply(changes)
    await assertSame(rows, oracle)
    await rows.close()
    const again = await open(folder)
    await assertSame(again, oracle)
    await again.close()
  })

  it('are written once beside the log where they come in the order of their keys', async () => {
    const folder = newFolder()
    const levels: number[] = []
    const rows = await open(folder, ({ level }) => void levels.push(level))
    const oracle = new Oracle()
    for (let number = 0; number < 3000; number++) {
      const change = {
        table: 'history' as const,
        key: numbered(number),
        value: Buffer.alloc(300, number % 256),
      }
      await rows.commit([change])
      oracle.apply([change])
    }
    await assertSame(rows, oracle)
    await rows.close()
    assert.deepEqual(levels, [])
    assert.ok(readdirSync(folder).filter((name) => name.endsWith('.rows')).length > 80)
    const again = await open(folder)
    await assertSame(again, oracle)
    await again.close()
  })

  it('give their room back after a burst', async () => {
    const folder = newFolder()
    const rows = await open(folder)
    const row = (number: number, value: Buffer | undefined) => ({
      table: 'mailbox' as const,
      key: numbered(number),
      value,
    })
    for (let number = 0; number < 1000; number++) await rows.commit([row(number, Buffer.alloc(1000, 1))])
    const atWorst = bytesIn(folder)
    assert.ok(atWorst > 1_000_000, `${atWorst}`)
    for (let number = 0; number < 1000; number += 10)
      await rows.commit(Array.from({ length: 10 }, (_, index) => row(number + index, undefined)))
    for (let tries = 0; bytesIn(folder) >= 400_000 && tries < 300; tries++) {
      await clock.sleep(100)
      await rows.commit([row(1, undefined)])
    }
    const sizes = readdirSync(folder).map((name) => `${name} ${statSync(join(folder, name)).size}`)
    assert.ok(bytesIn(folder) < 400_000, sizes.join(', '))
    await rows.close()
  })

  it('take no more than half as much again as they hold, once what was written over and over is put in order', async () => {
    const folder = newFolder()
    const rows = await open(folder)
    const ROWS = 3000
    const row = (number: number) => ({
      table: 'liveness' as const,
      key: numbered(number),
      value: Buffer.alloc(300, number % 256),
    })
    const heldBytes = ROWS * (300 + numbered(0).length)
    const dice = createDice(7)
    for (let from = 0; from < ROWS; from += 50)
      await rows.commit(Array.from({ length: 50 }, (_, index) => row(from + index)))
    const runBytes = () => bytesIn(folder, '.rows')
    let atWorst = 0
    for (let round = 0; round < 150; round++) {
      await rows.commit(Array.from({ length: 40 }, () => row(dice.roll(ROWS))))
      atWorst = Math.max(atWorst, runBytes())
    }
    assert.ok(atWorst > 1.5 * heldBytes, `${atWorst}: there was nothing to put in order`)
    for (let tries = 0; runBytes() > 1.5 * heldBytes && tries < 100; tries++) {
      await clock.sleep(50)
      await rows.commit([row(1)])
    }
    assert.ok(runBytes() <= 1.5 * heldBytes, `${runBytes()} of ${heldBytes}`)
    await rows.close()
  })
})

/** As a crash leaves it: nothing of this process goes on in between. */
function copyAsIs(folder: string, copy: string): void {
  for (let tries = 0; ; tries++) {
    try {
      cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('.tmp') })
      return
    } catch (error) {
      // A removal was under way in a thread: the copy begins anew.
      if (tries === 10 || !(error instanceof Error) || Reflect.get(error, 'code') !== 'ENOENT') throw error
      rmSync(copy, { recursive: true, force: true })
    }
  }
}

/** What its files take; `ending`: those whose names end so. */
function bytesIn(folder: string, ending = ''): number {
  const sizeOf = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  const names = readdirSync(folder).filter((name) => name.endsWith(ending))
  return names.reduce((sum, name) => sum + sizeOf(name), 0)
}
