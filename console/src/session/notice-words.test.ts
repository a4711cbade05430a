import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notice } from '@rollcall/protocol/notices'
import { tell } from './notice-words.ts'

test('a notice leads to what it is about, and one that nobody knows is told all the same', () => {
  const which = { organizationId: 'a&b', webhookId: '<b>crm' }
  assert.deepEqual(tell({ kind: 'webhook_failing', ...which, failure: 'timeout' }), {
    text: 'A webhook is failing: <b>crm',
    href: '#/hooks/%3Cb%3Ecrm?organization=a%26b',
    tone: 'danger',
  })
  assert.equal(tell({ kind: 'dead_letters', ...which, count: 1 }).text, '1 dead letter of a webhook: <b>crm')
  assert.equal(
    tell({ kind: 'mailboxes_full', count: 1_234 }).text,
    '1,234 mailboxes had no room in the last 5 min',
  )
  assert.equal(
    tell({ kind: 'certificate_ends', at: '2026-02-03T04:05:06.000Z' }).text.slice(-10),
    '2026-02-03',
  )
  assert.match(tell({ kind: 'of_tomorrow' } as unknown as Notice).text, /of_tomorrow/)
})
