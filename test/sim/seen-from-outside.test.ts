import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Store } from '../../server/src/store/store.ts'
import { Checker } from '../history/checker.ts'
import type { Plant } from './world/service.ts'
import { World } from './world.ts'

const SEEDS_MAX = 4
const STEPS = 600

/** Has the checker of histories find one of these rules broken, from what clients saw alone, in one of some seeds. */
async function assertBroken(wanted: readonly string[], plant: Plant): Promise<void> {
  const broken = new Set<string>()
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const checker = new Checker()
    // What the simulation's own rules find ends it, and is no matter here.
    await new World(seed, plant, undefined, checker.take).run(STEPS).catch(() => undefined)
    for (const { rule } of checker.finish().violations) broken.add(rule)
    if (wanted.some((rule) => broken.has(rule))) return
  }
  assert.fail(`only ${[...broken]} of ${wanted}`)
}

const withMailboxes = (store: Store, change: Partial<Store['mailboxes']>): Store => ({
  ...store,
  mailboxes: { ...store.mailboxes, ...change },
})

describe('the checker of histories finds in the simulation', () => {
  it('an event that is counted and not kept: R3, or R1', async () => {
    let appends = 0
    await assertBroken(['R3', 'R1'], (store) =>
      withMailboxes(store, {
        async append(request) {
          const outcome = await store.mailboxes.append(request)
          const [first] = outcome.accepted
          if (first === undefined || ++appends % 40 !== 0) return outcome
          const entry = { ...first, eventId: request.event.eventId }
          const bounds = { eventsMax: 1e6, bytesMax: 1e9 }
          await store.mailboxes.end([entry], 'discarded', bounds)
          return outcome
        },
      }),
    )
  })

  it('acknowledgements that are not carried out: R4', async () => {
    let ends = 0
    await assertBroken(['R4'], (store) =>
      withMailboxes(store, {
        end: async (entries, how, bounds) =>
          how === 'acknowledged' && ++ends % 3 === 0
            ? { ended: entries, cancellations: [], refused: [] }
            : store.mailboxes.end(entries, how, bounds),
      }),
    )
  })

  it('idempotency keys that are forgotten: R5', async () => {
    await assertBroken(['R5'], (store) => ({
      ...store,
      replies: { ...store.replies, answer: (claim) => store.replies.release(claim) },
      mailboxes: {
        ...store.mailboxes,
        append: ({ idempotency: _, ...request }) => store.mailboxes.append(request),
      },
    }))
  })

  it('registrations that expire early: R6', async () => {
    await assertBroken(['R6'], (store) => ({
      ...store,
      registrations: {
        ...store.registrations,
        register: ({ keepAliveSeconds, ...request }, max) =>
          store.registrations.register({ ...request, keepAliveSeconds: keepAliveSeconds / 2 }, max),
      },
    }))
  })

  it('registrations that are never over: R7', async () => {
    await assertBroken(['R7'], (store) => ({
      ...store,
      registrations: {
        ...store.registrations,
        register: ({ keepAliveSeconds, ...request }, max) =>
          store.registrations.register({ ...request, keepAliveSeconds: keepAliveSeconds + 3 }, max),
      },
    }))
  })

  it('two winners: R9', async () => {
    await assertBroken(['R9'], (store) => ({
      ...store,
      calls: {
        ...store.calls,
        answer: async (...request) => {
          const outcome = await store.calls.answer(...request)
          return outcome.kind === 'elsewhere' ? { kind: 'repeated', durable: outcome.durable } : outcome
        },
      },
    }))
  })

  it('registrations of which webhooks are not told: R10', async () => {
    await assertBroken(['R10'], (store) => ({
      ...store,
      feed: {
        ...store.feed,
        read: async (...asked) =>
          (await store.feed.read(...asked)).filter(
            ({ type, sequence }) => type !== 'UserEndpointRegisteredEvent' || sequence % 3 !== 0,
          ),
      },
    }))
  })

  it('totals that are wrong: R13', async () => {
    await assertBroken(['R13'], (store) => ({
      ...store,
      totals: async (...asked) => {
        const totals = await store.totals(...asked)
        return { ...totals, registrations: totals.registrations + 1 }
      },
    }))
  })
})
