import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_AXIS, MINUTES_AXIS } from './time-axis.ts'

test('the minutes are counted back from now', () => {
  const marks = MINUTES_AXIS.marks(1_000)
  assert.deepEqual(marks, [760, 820, 880, 940, 1_000])
  assert.deepEqual(
    marks.map((at) => MINUTES_AXIS.text(at, 1_000)),
    ['−4 min', '−3 min', '−2 min', '−1 min', 'now'],
  )
})

test('the day has marks at whole hours of its own clock, all within it', () => {
  const end = new Date(2026, 0, 15, 13, 37, 11).getTime() / 1000
  const marks = DAY_AXIS.marks(end)
  assert.deepEqual(
    marks.map((at) => DAY_AXIS.text(at, end)),
    ['16:00', '20:00', '00:00', '04:00', '08:00', '12:00'],
  )
  assert(marks.every((at) => at > end - 86_400 && at <= end))
})
