import assert from 'node:assert/strict'
import { it } from 'node:test'
import { systemClock } from './platform.ts'

it('the system’s clock: a wait longer than timers can count does not end at once', (test) => {
  const delays: unknown[] = []
  test.mock.method(globalThis, 'setTimeout', (_run: () => void, delayMs: number) => delays.push(delayMs))
  for (const delayMs of [5, 2 ** 31, Number.POSITIVE_INFINITY]) systemClock.after(delayMs, () => undefined)
  assert.deepEqual(delays, [5, 2 ** 31 - 1, 2 ** 31 - 1])
})
