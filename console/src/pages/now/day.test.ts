import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DayStatistics } from '@rollcall/protocol/statistics'
import { dayPoints, isEmpty } from './day.ts'

const none = [null, null, null]
const DAY: DayStatistics = {
  at: '2026-01-02T00:00:00.000Z',
  organizationId: 'acme',
  from: '2026-01-01T23:45:00.000Z',
  stepSeconds: 300,
  minutes: [5, 0, 2],
  registrations: [3, null, 4],
  connected: [1, null, 2],
  mailboxEvents: none,
  qos0: { events: [10, null, 2], sent: none, notConnected: none, discarded: none, answered: none },
  qos1: {
    ...{ events: [5, null, 8], copies: none, acknowledged: [5, null, 4], expired: none, discarded: none },
    ...{ registrationEnded: none, superseded: none, mailboxFull: none, woken: none, answered: none },
  },
  ended: { expired: none, unregistered: none },
  deliveryMs: { qos0: { p50: none, p99: none }, qos1: { p50: [4, null, 5], p99: none } },
  expiryLatenessMs: { p50: none, p99: none },
}

test('a step is told for each minute that is known of it, and a gap stays one', () => {
  const points = dayPoints(DAY)
  assert.deepEqual(
    points.map(({ qos0, qos1, registrations, qos1P50Ms }) => [qos0, qos1, registrations, qos1P50Ms]),
    [
      [2, 1, 3, 4],
      [null, null, null, null],
      [1, 4, 4, 5],
    ],
  )
  assert.deepEqual(
    points.map(({ atMs }) => new Date(atMs).toISOString().slice(11, 16)),
    ['23:45', '23:50', '23:55'],
  )
})

test('nothing is known where no minute is', () => {
  assert.equal(isEmpty(DAY), false)
  assert.equal(isEmpty({ ...DAY, minutes: [0, 0, 0] }), true)
})
