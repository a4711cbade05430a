import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../../../../test/helpers/fake-clock.ts'
import { SortedNames } from './sorted-names.ts'

test('names stay in order, each once, however they come and go', () => {
  const random = seededRandom(7)
  const names = new SortedNames()
  const oracle = new Set<string>()
  for (let step = 0; step < 20_000; step++) {
    const name = `user-${random.bytes(2).readUInt16BE(0) % 6_000}`
    if (random.bytes(1).readUInt8(0) < 60) {
      names.delete(name)
      oracle.delete(name)
    } else {
      names.add(name)
      oracle.add(name)
    }
  }
  const sorted = [...oracle].sort()
  assert.ok(sorted.length > 3_000)
  assert.deepEqual([...names.from('')], sorted)
  for (const from of ['user-3', 'user-5999', 'user-2500', 'user-25000', 'z', 'a'])
    assert.deepEqual(
      [...names.from(from)],
      sorted.filter((name) => name >= from),
      from,
    )
  for (const name of sorted) names.delete(name)
  assert.deepEqual([...names.from('')], [])
})
