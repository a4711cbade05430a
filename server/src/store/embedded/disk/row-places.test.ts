import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDice } from '../../../../../test/sim/dice.ts'
import { encodeRecord, keyAt, recordBytes, visitChanges } from './commit-record.ts'
import { rowKey } from './row-key.ts'
import { RowPlaces } from './row-places.ts'

const PLACE = { storeId: Buffer.alloc(8), epoch: 1, number: 1 }
const IDS = { mailbox: 3, terms: 5 } as const
type Kind = keyof typeof IDS

/** Changes of rows as they stand in a part of the log, and where each begins. */
function written(rows: readonly { readonly table: Kind; readonly key: Buffer }[]) {
  const changes = rows.map(({ table, key }) => ({ table, key, value: Buffer.from('x') }))
  const bytes = Buffer.alloc(recordBytes(changes))
  encodeRecord(bytes, changes, bytes.length, PLACE, (table) => IDS[table as Kind])
  const places: number[] = []
  visitChanges(bytes, 0, changes.length, (at) => places.push(at))
  return { bytes, places }
}

test('finds what a map of the same keys finds, whatever came and went', () => {
  const dice = createDice(7)
  const table = (): Kind => (dice.roll(2) === 0 ? 'mailbox' : 'terms')
  // Few keys, of several lengths and beginnings, so that they come again, and those of one table are the other's too.
  const rows = Array.from({ length: 6_000 }, () => {
    const key = Buffer.alloc(1 + dice.roll(3))
    key[key.length - 1] = dice.roll(256)
    return { table: table(), key }
  })
  const { bytes, places } = written(rows)
  const map = new Map<string, number>()
  const found = new RowPlaces(bytes)
  const keys = places.map((at) => keyAt(bytes, at))
  for (const [index, at] of places.entries()) {
    const key = keys[index] ?? ''
    const step = dice.roll(4)
    if (step === 0) assert.equal(found.remove(key), map.delete(key))
    else if (step === 1) assert.equal(found.removeAt(at), map.delete(key))
    else {
      found.set(at)
      map.set(key, at)
    }
    const other = keys[dice.roll(keys.length)] ?? ''
    assert.equal(found.find(other), map.get(other) ?? -1)
  }
  assert.deepEqual([...found.all()].sort(), [...map.values()].sort())
})

test('keys with the same bytes in two tables, and one that begins another, are different rows', () => {
  const [short, long] = [Buffer.from('ab'), Buffer.from('abc')]
  const rows = [
    { table: 'mailbox', key: short },
    { table: 'terms', key: short },
    { table: 'mailbox', key: long },
  ] as const
  const { bytes, places } = written(rows)
  const found = new RowPlaces(bytes)
  for (const at of places) found.set(at)
  for (const [index, { table, key }] of rows.entries())
    assert.equal(found.find(rowKey(IDS[table], key)), places[index])
  assert.equal(found.remove(rowKey(IDS.mailbox, short)), true)
  assert.equal(found.find(rowKey(IDS.terms, short)), places[1])
  assert.equal(found.find(rowKey(IDS.mailbox, long)), places[2])
})
