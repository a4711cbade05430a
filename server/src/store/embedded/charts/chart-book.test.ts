import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../../test/helpers/fake-disk.ts'
import { openEmbeddedStore } from '../embedded.ts'
import type { Journal } from '../journal/journal.ts'
import { ChartBook } from './chart-book.ts'

const points = Buffer.from('points')

it('rows that are too old leave the disk by themselves', async () => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  for (let n = 0; n < 600; n++)
    await store.charts.put([{ organizationId: `${n}`, startWallMs: clock.wallMs(), points }])
  await clock.advance(1_000)
  assert.equal(disk.table('charts').size, 600)
  await clock.advance(26 * 3_600_000)
  assert.equal(disk.table('charts').size, 0)
  await store.close()
})

it('past the bound the oldest go, and only so many are ever kept', () => {
  const kept = new Set<string>()
  const journal: Pick<Journal, 'put' | 'remove'> = {
    put: (_table, key) => void kept.add(Buffer.from(key).toString('hex')),
    remove: (_table, key) => void kept.delete(Buffer.from(key).toString('hex')),
  }
  const disk = new FakeDisk()
  const book = new ChartBook(journal, disk.open(), 3)
  for (const startWallMs of [1, 2, 3, 4, 5, 5]) book.put({ organizationId: 'acme', startWallMs, points })
  assert.deepEqual(
    book.places('acme', 0).map(({ startWallMs }) => startWallMs),
    [3, 4, 5],
  )
  assert.equal(kept.size, 3)
})
