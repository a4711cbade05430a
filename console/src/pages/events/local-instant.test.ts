import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toInstant, toLocal } from './local-instant.ts'

test('an instant survives being shown in local time', () => {
  for (const instant of ['2026-01-01T12:00:00.000Z', '2026-07-31T23:59:59.000Z', '0999-02-03T04:05:06.000Z'])
    assert.equal(toInstant(toLocal(instant)), instant)
  assert.match(toLocal('2026-01-01T12:00:00Z'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
})

test('what is empty or no time is left out', () => {
  for (const given of ['', 'soon', undefined]) assert.equal(toLocal(given), '')
  for (const given of ['', 'soon']) assert.equal(toInstant(given), undefined)
  // Browsers leave out seconds that are nought.
  assert.equal(toInstant(toLocal('2026-01-01T12:00:00Z').slice(0, 16)), '2026-01-01T12:00:00.000Z')
})
