import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../../server/src/clock/clock.ts'
import type { EndpointKey, ReplyStore, Store } from '../../server/src/store/store.ts'
import { Violation } from './ledger.ts'
import { type Plant, World } from './world.ts'

const SEEDS_MAX = 10
const STEPS = 600

/** The first violation that a faulty store leads to, in one of some seeds. */
async function foundIn(plant: Plant): Promise<string> {
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

/** A store that refuses keepalives once a period is over by `nowMs`, whatever it has given since. */
function withDeadlines(store: Store, nowMs: () => number): Store {
  const deadlines = new Map<string, number>()
  const nameOf = ({ organizationId, userId, userEndpointId }: EndpointKey) =>
    JSON.stringify([organizationId, userId, userEndpointId])
  const { registrations } = store
  return {
    ...store,
    registrations: {
      ...registrations,
      async register(request, max) {
        deadlines.set(nameOf(request), nowMs() + request.keepAliveSeconds * 1000)
        return registrations.register(request, max)
      },
      async keepalive(endpoint, until) {
        const deadlineMs = deadlines.get(nameOf(endpoint))
        if (deadlineMs !== undefined && nowMs() >= deadlineMs) return undefined
        const kept = await registrations.keepalive(endpoint, until)
        if (kept !== undefined) deadlines.set(nameOf(endpoint), nowMs() + kept.keepAliveSeconds * 1000)
        return kept
      },
    },
  }
}

describe('the simulation finds in a store’s time', () => {
  it('that it passes while the process stands still, or the disk refuses', async () => {
    const found = await foundIn((store, clock) => withDeadlines(store, () => clock.monotonicMs()))
    assert.match(found, /was refused .* before its time/)
  })

  it('that nobody has a full period when it goes on', async () => {
    const found = await foundIn((store) => withDeadlines(store, () => store.serviceTime.heardMs()))
    assert.match(found, /was refused .* before its time/)
  })

  it('that answers to idempotency keys are forgotten by the wall clock', async () => {
    const found = await foundIn((store, clock) => ({
      ...store,
      replies: withWallReplies(store.replies, clock),
    }))
    assert.match(found, /was sent although key-.* had been used/)
  })

  it('that sign-ins end by the wall clock', async () => {
    const found = await foundIn((store, clock) => ({ ...store, ...withWallFamilies(store, clock) }))
    assert.match(found, /a lost refresh answer ended a sign-in/)
  })
})

/** Replies that are forgotten once the wall clock says that their time is over. */
function withWallReplies(replies: ReplyStore, clock: Clock): ReplyStore {
  const untilMs = new Map<string, number>()
  return {
    ...replies,
    async claim(claim, recipient) {
      const name = JSON.stringify([claim.owner, claim.key])
      const found = await replies.claim(claim, recipient)
      const isOver = found.kind === 'known' && clock.wallMs() >= (untilMs.get(name) ?? 0)
      if (found.kind === 'claimed' || isOver) untilMs.set(name, clock.wallMs() + claim.rememberMs)
      return isOver ? { kind: 'claimed' } : found
    },
  }
}

function withWallFamilies({ refreshFamilies }: Store, clock: Clock): Pick<Store, 'refreshFamilies'> {
  return {
    refreshFamilies: {
      ...refreshFamilies,
      async find(id) {
        const family = await refreshFamilies.find(id)
        return family !== undefined && clock.wallMs() < family.expiresAtWallMs ? family : undefined
      },
    },
  }
}
