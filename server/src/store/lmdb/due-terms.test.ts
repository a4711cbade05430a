import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DueTerms } from './due-terms.ts'
import { RegistrationRecord } from './record.ts'
import { Term } from './term.ts'

const RECORD = new RegistrationRecord(
  1,
  'acme',
  {
    organizationId: 'acme',
    userId: 'alice',
    userEndpointId: 'phone',
    registeredAtWallMs: 0,
    keepAliveSeconds: 10,
    serverKeepAliveReminderOn: false,
  },
  { lastKeepAliveAtWallMs: 0, expiresAtMs: 0, authorizedUntilWallMs: 0, reminded: false },
)

function term(sequence: number, expiresAtWallMs: number): Term {
  return new Term(RECORD, sequence, 1, { expiresAtWallMs, collapseKey: '', raceId: 0 })
}

describe('the terms that are due', () => {
  it('come earliest first, whatever was added, removed and put off in between', () => {
    const step = fc.record({
      do: fc.constantFrom('add', 'add', 'remove', 'postpone', 'take'),
      at: fc.nat(20),
      pick: fc.nat(50),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const due = new DueTerms()
        const oracle = new Set<Term>()
        for (const [sequence, { do: what, at, pick }] of steps.entries()) {
          const picked = [...oracle][pick % Math.max(1, oracle.size)]
          const first = earliest(oracle)
          assert.equal(due.first, first)
          if (what === 'add') {
            const added = term(sequence, at)
            due.add(added)
            oracle.add(added)
          } else if (what === 'take' && first !== undefined) {
            due.remove(first)
            oracle.delete(first)
          } else if (picked !== undefined && what === 'remove') {
            due.remove(picked)
            due.remove(picked)
            oracle.delete(picked)
          } else if (picked !== undefined) due.postpone(picked, at)
        }
      }),
      { seed: 7, numRuns: 300 },
    )
  })

  it('leave out what has no time of its own', () => {
    const due = new DueTerms()
    const immortal = term(1, Number.POSITIVE_INFINITY)
    due.add(immortal)
    assert.equal(due.first, undefined)
    due.remove(immortal)
  })
})

function earliest(terms: Iterable<Term>): Term | undefined {
  return [...terms].sort((a, b) => a.dueAtWallMs - b.dueAtWallMs || a.sequence - b.sequence)[0]
}
