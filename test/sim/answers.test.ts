import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CallStore, Store } from '../../server/src/store/store.ts'
import { Violation } from './ledger.ts'
import { World } from './world.ts'

const SEEDS_MAX = 10
const STEPS = 600

/** The first violation that a faulty store leads to, in one of some seeds. */
async function foundIn(plant: (store: Store) => Store): Promise<string> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    try {
      await new World(seed, plant).run(STEPS)
    } catch (error) {
      if (error instanceof Violation) return error.message
      throw error
    }
  }
  return 'nothing'
}

function withAnswer(store: Store, answer: CallStore['answer']): Store {
  return { ...store, calls: { ...store.calls, answer } }
}

describe('the simulation finds in answers', () => {
  it('two winners', async () => {
    const found = await foundIn((store) =>
      withAnswer(store, async (...request) => {
        const outcome = await store.calls.answer(...request)
        return outcome.kind === 'elsewhere' ? { kind: 'repeated', durable: outcome.durable } : outcome
      }),
    )
    assert.match(found, /has two winners/)
  })

  it('one that is kept in memory only, and lost in a crash', async () => {
    const found = await foundIn((store) => {
      const winners = new Map<string, string>()
      const durable = Promise.resolve()
      return withAnswer(store, async ({ call, userEndpointId }) => {
        const winner = winners.get(call.eventId)
        winners.set(call.eventId, winner ?? userEndpointId)
        if (winner === undefined)
          return { kind: 'answered', taken: undefined, cancellation: undefined, durable }
        if (winner === userEndpointId) return { kind: 'repeated', durable }
        return { kind: 'elsewhere', userEndpointId: winner, durable }
      })
    })
    assert.match(found, /has two winners|and the history names undefined/)
  })

  it('others that go on ringing', async () => {
    const found = await foundIn((store) => ({
      ...store,
      mailboxes: {
        ...store.mailboxes,
        append(request) {
          const { call, ...rest } = request
          if (call === undefined) return store.mailboxes.append(request)
          const { cancelOthers: _, ...silent } = call
          return store.mailboxes.append({ ...rest, call: silent })
        },
      },
    }))
    assert.match(found, /was not told that .* was answered/)
  })
})
