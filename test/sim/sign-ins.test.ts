import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import type { RefreshFamilyStore, RotateOutcome } from '../../server/src/store/store.ts'
import { createFakeClock, seededRandom } from '../helpers/fake-clock.ts'
import { createDice } from './dice.ts'
import { Violation } from './ledger.ts'
import { SignIns } from './sign-ins.ts'

const STEPS = 3000

type Rotate = RefreshFamilyStore['rotate']

/** Phones on a store of whose rotations `plant` makes something else; what they find fault with. */
async function faultsOf(plant: (rotate: Rotate) => Rotate): Promise<readonly string[]> {
  const clock = createFakeClock()
  const random = seededRandom('sign-ins')
  const faults: string[] = []
  const fail = (error: unknown) =>
    void faults.push(error instanceof Violation ? error.message : String(error))
  const signIns = new SignIns({ clock, random, dice: createDice(7), fail })
  const { refreshFamilies, serviceTime } = createMemoryStore({ clock })
  const planted = { ...refreshFamilies, rotate: plant(refreshFamilies.rotate) }
  signIns.open({ refreshFamilies: planted, serviceTime })
  for (let step = 0; step < STEPS; step++) {
    signIns.act()
    await clock.advance(1000)
  }
  assert.ok(signIns.repeated > 100 || faults.length > 0, `only ${signIns.repeated} repeated`)
  return [...new Set(faults)]
}

/** Rotates, and gives another outcome in the place of the true one. */
function outcomeOf(change: (outcome: RotateOutcome) => RotateOutcome): (rotate: Rotate) => Rotate {
  return (rotate) =>
    async (...all) =>
      change(await rotate(...all))
}

describe('the sign-ins of the simulation', () => {
  it('find no fault with a store as it should be', async () => {
    assert.deepEqual(await faultsOf((rotate) => rotate), [])
  })

  it('see a sign-in end that only lost an answer', async () => {
    const faults = await faultsOf(
      outcomeOf((outcome) => (outcome.kind === 'repeated' ? { ...outcome, kind: 'reused' } : outcome)),
    )
    assert.ok(faults.includes('a lost refresh answer ended a sign-in'), faults.join())
  })

  it('see another successor than the one that was lost', async () => {
    const faults = await faultsOf(
      outcomeOf((outcome) =>
        outcome.kind === 'repeated' ? { ...outcome, salt: Buffer.alloc(32) } : outcome,
      ),
    )
    assert.ok(faults.includes('a refresh token gave another successor than before'), faults.join())
  })

  it('see a used token that is good for longer than its minute', async () => {
    const faults = await faultsOf(
      (rotate) => (id, hash, successor) =>
        rotate(id, hash, { ...successor, repeatableMs: successor.repeatableMs + 3_600_000 }),
    )
    assert.ok(faults.includes('a used refresh token was good long after its minute'), faults.join())
  })

  it('see a thief that gets away', async () => {
    const salt = Buffer.alloc(32)
    const faults = await faultsOf(
      outcomeOf((outcome) => (outcome.kind === 'reused' ? { ...outcome, kind: 'repeated', salt } : outcome)),
    )
    assert.ok(faults.includes('a refresh token was good after its successor was used'), faults.join())
  })
})
