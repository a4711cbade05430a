import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from './backoff.ts'

const least = { bytes: (size: number) => Buffer.alloc(size) }
const most = { bytes: (size: number) => Buffer.alloc(size, 0xff) }

test('waits at random from 1 s to a bound that doubles, up to 5 min', () => {
  const bounds = [1, 2, 3, 4, 8, 9, 10, 1000].map((failures) => backoffMs(failures, most))
  assert.deepEqual(bounds, [2000, 4000, 8000, 16_000, 256_000, 300_000, 300_000, 300_000])
  for (const failures of [1, 2, 9, 1e9]) assert.equal(backoffMs(failures, least), 1000)
  const middle = { bytes: () => Buffer.from([0x80, 0, 0, 0]) }
  assert.equal(backoffMs(2, middle), 2500)
})
