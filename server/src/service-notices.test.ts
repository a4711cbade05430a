import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notice } from '@rollcall/protocol/notices'
import { inTime } from '../../test/helpers/fake-clock.ts'
import { openTwo } from '../../test/helpers/two-processes.ts'
import { createLocalCluster } from './cluster/local/local.ts'
import { noticesOfAll } from './service-notices.ts'

const own = (...notices: readonly Notice[]) => ({ read: async () => notices })
const WEBHOOK = { organizationId: 'acme', webhookId: 'crm' }

test('what is wrong at another process is told at each, once, and what both have counted together', async (t) => {
  const { clock, here, there } = await openTwo(t)
  const at = {
    here: noticesOfAll(
      here.cluster,
      own(
        { kind: 'certificate_ends', at: '2026-01-09T00:00:00Z' },
        { kind: 'mailboxes_full', count: 2 },
        { kind: 'dead_letters', ...WEBHOOK, count: 3 },
      ),
    ),
    there: noticesOfAll(
      there.cluster,
      own(
        { kind: 'store_unwritable' },
        { kind: 'certificate_ends', at: '2026-01-04T00:00:00Z' },
        { kind: 'mailboxes_full', count: 5 },
        { kind: 'webhook_failing', ...WEBHOOK, failure: 'status_503' },
        { kind: 'dead_letters', ...WEBHOOK, count: 3 },
      ),
    ),
  }
  const all: readonly Notice[] = [
    { kind: 'certificate_ends', at: '2026-01-04T00:00:00Z' },
    { kind: 'dead_letters', ...WEBHOOK, count: 3 },
    { kind: 'mailboxes_full', count: 7 },
    { kind: 'store_unwritable' },
    { kind: 'webhook_failing', ...WEBHOOK, failure: 'status_503' },
  ]
  const sorted = (notices: readonly Notice[]) => notices.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
  assert.deepEqual(sorted(await inTime(clock, at.here.read('acme'))), all)
  assert.deepEqual(sorted(await inTime(clock, at.there.read('acme'))), all)
  there.node.clock.freeze()
  assert.equal((await inTime(clock, at.here.read('acme'))).length, 3, 'its own, where the other is silent')
})

test('one process tells what it knows itself', async () => {
  const notices = [{ kind: 'busy' }] as const
  assert.deepEqual(await noticesOfAll(createLocalCluster('here'), own(...notices)).read(null), notices)
})
