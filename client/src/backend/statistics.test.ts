import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBackend } from './backend.ts'

const BOUNDS = [0.1, 0.25, 5]
const STATISTICS = {
  at: '2026-01-01T00:01:00.000Z',
  since: '2026-01-01T00:00:00.000Z',
  organizationId: 'acme',
  registrations: 12,
  connected: 8,
  mailboxEvents: 3,
  mailboxBytes: 984,
  nodes: { answered: 2, silent: ['b/1'] },
  qos0: { events: 1, sent: 2, notConnected: 3, discarded: 4, answered: 0 },
  qos1: {
    ...{ events: 5, copies: 6, acknowledged: 7, expired: 8 },
    ...{ discarded: 9, registrationEnded: 4, superseded: 3, mailboxFull: 10, woken: 11, answered: 1 },
  },
  ended: { expired: 11, unregistered: 12 },
  deliveryMs: { bounds: BOUNDS, qos0: [1, 0, 0, 2], qos1: [0, 3, 0, 0] },
  expiryLatenessMs: { bounds: BOUNDS, counts: [0, 0, 4, 0] },
  shares: { links: { used: 8, max: 50_000 }, waiters: { used: 0, max: 5_000 } },
}

function open(answer: unknown) {
  const paths: string[] = []
  const backend = createBackend({
    url: 'http://127.0.0.1:1',
    credentials: () => 'T',
    fetch: async (input) => {
      paths.push(String(input))
      return Response.json(answer)
    },
  })
  return { backend, paths }
}

describe('statistics', () => {
  it('are read, and what is unknown about them is left out', async () => {
    const { backend, paths } = open({
      ...STATISTICS,
      more: 1,
      qos0: { ...STATISTICS.qos0, more: 1 },
      qos1: { ...STATISTICS.qos1, more: 1 },
      ended: { ...STATISTICS.ended, more: 1 },
    })
    assert.deepEqual(await backend.statistics(), STATISTICS)
    assert.deepEqual(paths, ['http://127.0.0.1:1/rtc-api/statistics'])
  })

  it('are of the organization that is named, or of all', async () => {
    const { backend, paths } = open({ ...STATISTICS, organizationId: null })
    assert.equal((await backend.statistics({ organizationId: 'a&b' })).organizationId, null)
    assert.deepEqual(paths, ['http://127.0.0.1:1/rtc-api/statistics?organizationId=a%26b'])
  })

  it('of a server that does not tell what mailboxes take have 0 there', async () => {
    const { mailboxBytes: _, ...former } = STATISTICS
    assert.deepEqual(await open(former).backend.statistics(), { ...former, mailboxBytes: 0 })
  })

  it('of a server that does not share yet are read without shares', async () => {
    const { shares: _, ...former } = STATISTICS
    assert.deepEqual(await open(former).backend.statistics(), former)
  })

  it('are refused where they break the contract', async () => {
    const { deliveryMs, expiryLatenessMs } = STATISTICS
    for (const wrong of [
      { at: 1 },
      { organizationId: undefined },
      { connected: '8' },
      { mailboxEvents: 0.5 },
      { qos0: { ...STATISTICS.qos0, sent: null } },
      { qos1: [] },
      { ended: undefined },
      { shares: { links: 8 } },
      { shares: { links: { used: 1 } } },
      { deliveryMs: { ...deliveryMs, bounds: ['0.1', 1, 2] } },
      { deliveryMs: { ...deliveryMs, qos1: [1, 2, 3] } },
      { expiryLatenessMs: { ...expiryLatenessMs, counts: [1, 2, 3, 'x'] } },
    ])
      await assert.rejects(
        open({ ...STATISTICS, ...wrong }).backend.statistics(),
        (error: Error) => /not what the contract says/.test(error.message),
        JSON.stringify(wrong),
      )
  })
})
