import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ORGANIZATIONS_MAX, Statistics } from './statistics.ts'

describe('the tallies', () => {
  it('are of one organization each, and add up to the total', () => {
    const statistics = new Statistics(0)
    const acme = statistics.of('acme')
    acme.event(0)
    acme.event(0)
    acme.outcome(0, 'sent', 3)
    acme.outcome(0, 'not_connected', 4)
    acme.outcome(0, 'dropped_congested', 2)
    acme.outcome(0, 'too_large', 2)
    acme.outcome(0, 'expired', 1)
    acme.outcome(0, 'answered')
    for (let ended = 0; ended < 6; ended++) acme.registrationEnded('expired', ended === 0 ? 1 : undefined)
    const proto = statistics.of('__proto__')
    proto.event(1)
    proto.outcome(1, 'sent')
    proto.outcome(1, 'queued')
    proto.outcome(1, 'acknowledged', 3)
    proto.outcome(1, 'expired', 4)
    proto.outcome(1, 'discarded', 5)
    proto.outcome(1, 'mailbox_full', 6)
    proto.outcome(1, 'registration_ended', 7)
    proto.outcome(1, 'superseded', 8)
    proto.outcome(1, 'answered', 7)
    proto.outcome(1, 'woken', 9)
    for (const how of ['unregistered', 'evicted', 'evicted'] as const) proto.registrationEnded(how)
    proto.outcome(0, 'sent', 10)
    proto.expiryLatenessMs.add(1)
    assert.equal(statistics.of('acme'), acme)
    assert.deepEqual(statistics.read('acme').qos0, {
      events: 2,
      sent: 3,
      notConnected: 4,
      discarded: 5,
      answered: 1,
    })
    assert.equal(statistics.read('acme').qos1.events, 0)
    const { qos0, qos1, ended, expiryLatenessMs } = statistics.read(null)
    assert.deepEqual(qos0, { events: 2, sent: 13, notConnected: 4, discarded: 5, answered: 1 })
    assert.deepEqual(qos1, {
      events: 1,
      copies: 2,
      acknowledged: 3,
      expired: 4,
      discarded: 5 + 7 + 8,
      registrationEnded: 7,
      superseded: 8,
      mailboxFull: 6,
      woken: 9,
      answered: 7,
    })
    assert.deepEqual(ended, { expired: 6, unregistered: 3 })
    assert.equal(expiryLatenessMs.counts[3], 2)
  })

  it('stand still once they were read, and reading begins none', () => {
    const statistics = new Statistics(0, 1)
    const before = statistics.read('acme')
    assert.equal(before.qos0.events, 0)
    statistics.read('globex')
    const acme = statistics.of('acme')
    acme.event(0)
    const once = statistics.read('acme')
    acme.event(0)
    acme.delivered(0, 1)
    assert.equal(once.qos0.events, 1)
    assert.ok(once.deliveryMs.qos0.every((count) => count === 0))
    assert.equal(statistics.read('acme').qos0.events, 2)
  })

  it('are bounded: who comes too late counts in the total only', () => {
    const statistics = new Statistics(0, 2)
    for (const organizationId of ['a', 'b', 'c', 'd', 'a']) {
      const tally = statistics.of(organizationId)
      tally.event(0)
      tally.delivered(1, 7)
    }
    const events = (organizationId: string | null) => statistics.read(organizationId).qos0.events
    assert.deepEqual(['a', 'b', 'c', 'd'].map(events), [2, 1, 0, 0])
    assert.equal(events(null), 5)
    assert.equal(
      statistics.read(null).deliveryMs.qos1.reduce((sum, count) => sum + count),
      5,
    )
  })

  it('are 10,000 at most', () => {
    const statistics = new Statistics(0)
    for (let index = 0; index <= ORGANIZATIONS_MAX; index++) statistics.of(`org-${index}`).event(0)
    assert.equal(statistics.read(`org-${ORGANIZATIONS_MAX - 1}`).qos0.events, 1)
    assert.equal(statistics.read(`org-${ORGANIZATIONS_MAX}`).qos0.events, 0)
    assert.equal(statistics.read(null).qos0.events, ORGANIZATIONS_MAX + 1)
  })
})

describe('the buckets', () => {
  const countsOf = (...times: readonly number[]) => {
    const statistics = new Statistics(0)
    for (const elapsedMs of times) statistics.of('acme').delivered(0, elapsedMs)
    const { bounds, qos0 } = statistics.read('acme').deliveryMs
    return { bounds, counts: qos0 }
  }

  it('hold what took at most their bound and longer than the one before', () => {
    const { bounds, counts } = countsOf(0, 0.1, 0.1001, 0.25, 49, 50, 50.1)
    assert.equal(counts.length, bounds.length + 1)
    assert.deepEqual(bounds.slice(0, 9), [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100])
    assert.deepEqual(counts.slice(0, 9), [2, 2, 0, 0, 0, 0, 0, 2, 1])
  })

  it('have one for what took longer than all bounds, and one for what cannot be', () => {
    const { bounds, counts } = countsOf(60_000, 60_001, Number.POSITIVE_INFINITY, -5, Number.NaN)
    assert.deepEqual([counts[0], counts.at(-2), counts.at(-1)], [2, 1, 2])
    assert.deepEqual(
      bounds,
      [...bounds].sort((a, b) => a - b),
    )
  })
})
