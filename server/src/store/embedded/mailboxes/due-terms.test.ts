import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../../../../test/helpers/fake-clock.ts'
import { RegistrationRecord, Term } from '../registrations/record.ts'
import { DueTerms } from './due-terms.ts'

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
    const random = seededRandom('due terms')
    for (let run = 0; run < 100; run++) {
      const due = new DueTerms()
      const oracle = new Set<Term>()
      for (let sequence = 1; sequence <= 200; sequence++) {
        const [what = 0, at = 0, pick = 0] = random.bytes(3)
        const first = earliest(oracle)
        const picked = [...oracle][pick % Math.max(1, oracle.size)]
        assert.equal(due.first, first)
        if (what < 110 || first === undefined || picked === undefined) {
          const added = term(sequence, at % 20)
          due.add(added)
          oracle.add(added)
        } else if (what < 180) due.postpone(picked, at % 20)
        else {
          const removed = what < 220 ? first : picked
          due.remove(removed)
          due.remove(removed)
          oracle.delete(removed)
        }
      }
    }
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
