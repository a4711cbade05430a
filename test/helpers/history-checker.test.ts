import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistoryEndpoint, HistoryRecord } from '@rollcall/protocol/history'
import { complaintsAbout } from './history-checker.ts'

const at = (seconds: number) => `2026-01-01T00:00:0${seconds}.000Z`
const PHONE: HistoryEndpoint = {
  userEndpointId: 'phone',
  outcome: 'acknowledged',
  queuedAt: at(2),
  sentAt: at(2),
  acknowledgedAt: at(3),
}
const RECORD: HistoryRecord = {
  id: 'b',
  organizationId: 'acme',
  userId: 'bob',
  qos: 1,
  acceptedAt: at(2),
  event: { type: 'CallOfferedEvent', id: 'b' },
  endpoints: [PHONE],
}
const OLDER: HistoryRecord = { ...RECORD, id: 'a', event: { id: 'a' }, acceptedAt: at(1), endpoints: [] }

const withPhone = (phone: Partial<HistoryEndpoint>): readonly HistoryRecord[] => [
  { ...RECORD, endpoints: [{ ...PHONE, ...phone }] },
]

test('a history that can be true has no complaints', () => {
  assert.deepEqual(complaintsAbout([RECORD, OLDER], ['a', 'b']), [])
})

const FAULTS: readonly [string, readonly HistoryRecord[], RegExp][] = [
  ['an event that was answered and is lost', [OLDER], /^b: was answered, and is not there$/],
  ['an event that is there twice', [RECORD, RECORD, OLDER], /twice/],
  ['the wrong order', [OLDER, RECORD], /newer/],
  ['an event under the id of another', [{ ...RECORD, event: { id: 'a' } }, OLDER], /holds another event/],
  [
    'an end that has no time',
    [{ ...RECORD, endpoints: [{ ...PHONE, outcome: 'expired' }] }, OLDER],
    /without a time/,
  ],
  ['two ends', [...withPhone({ discardedAt: at(4) }), OLDER], /acknowledged and as discarded/],
  ['an outcome behind its end', [...withPhone({ outcome: 'queued' }), OLDER], /is queued, though/],
  ['times in the wrong order', [...withPhone({ sentAt: at(4) }), OLDER], /wrong order/],
  ['a time before the event', [...withPhone({ queuedAt: at(1) }), OLDER], /before the event/],
  [
    'an answer by nobody',
    [{ ...RECORD, answeredAt: at(3), answeredBy: 'phone' }, OLDER],
    /answered by somebody/,
  ],
]

for (const [name, records, complaint] of FAULTS)
  test(`the checker finds ${name}`, () => {
    const complaints = complaintsAbout(records, ['a', 'b'])
    assert.ok(
      complaints.some((line) => complaint.test(line)),
      complaints.join('\n'),
    )
  })
