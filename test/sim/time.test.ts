import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, HeardTime } from '../../server/src/clock/clock.ts'
import type { EndpointKey, ReplyStore, Store } from '../../server/src/store/store.ts'
import { Violation } from './ledger.ts'
import type { Plant } from './world/service.ts'
import { World } from './world.ts'

/** A plant shows in one seed of ten: after any change of the world a few more have to be tried. */
const SEEDS_MAX = 40
const STEPS = 600
/** Nobody ends sooner after a start, milliseconds. */
const AFTER_START_MS = 60_000

/**
 * The first violation that a faulty store leads to, in one of some seeds.
 *
 * @param first the seed that showed it last
 */
async function foundIn(first: number, plant: Plant): Promise<string> {
  for (let seed = first; seed < first + SEEDS_MAX; seed++) {
    try {
      await new World(seed, plant).run(STEPS)
    } catch (error) {
      if (error instanceof Violation) return error.message
      throw error
    }
  }
  return 'nothing'
}

/**
 * A store that refuses keepalives once a period is over by `nowMs`, whatever it has given since.
 *
 * @param onLift told what gives everybody a period anew
 */
function withDeadlines(
  store: Store,
  nowMs: () => number,
  onLift: (lift: () => void) => void = () => undefined,
): Store {
  const periods = new Map<string, number>()
  const spareUntilMs = nowMs() + AFTER_START_MS
  const deadlines = new Map<string, number>()
  const nameOf = ({ organizationId, userId, userEndpointId }: EndpointKey) =>
    JSON.stringify([organizationId, userId, userEndpointId])
  const { registrations } = store
  onLift(() => {
    for (const [name, periodMs] of periods) deadlines.set(name, nowMs() + periodMs)
  })
  return {
    ...store,
    registrations: {
      ...registrations,
      async register(request, max) {
        periods.set(nameOf(request), request.keepAliveSeconds * 1000)
        deadlines.set(nameOf(request), nowMs() + request.keepAliveSeconds * 1000)
        return registrations.register(request, max)
      },
      async keepalive(endpoint, until) {
        const deadlineMs = deadlines.get(nameOf(endpoint))
        if (deadlineMs !== undefined && nowMs() >= Math.max(deadlineMs, spareUntilMs)) return undefined
        const kept = await registrations.keepalive(endpoint, until)
        if (kept !== undefined) deadlines.set(nameOf(endpoint), nowMs() + kept.keepAliveSeconds * 1000)
        return kept
      },
    },
  }
}

/** It knows when the process stands still, and nothing of a disk that refuses. */
function deafToRefusals(store: Store, clock: Clock): Store {
  let lift = (): void => undefined
  const time = new HeardTime(clock, { onStandstill: () => lift() })
  return withDeadlines(
    store,
    () => time.nowMs(),
    (whenLifted) => (lift = whenLifted),
  )
}

/** It knows of refusals, as the store's own time has them, and takes the time in which the process stands still for passed. */
function deafToStandstills(store: Store, clock: Clock): Store {
  const { serviceTime } = store
  const time = new HeardTime(clock)
  const refusedMs = (): number => time.nowMs() - serviceTime.nowMs()
  const nowMs = (): number => clock.monotonicMs() - refusedMs()
  return withDeadlines(store, nowMs, (lift) => {
    let beforeMs = refusedMs()
    clock.every(20, () => {
      if (refusedMs() > beforeMs + 1) lift()
      beforeMs = refusedMs()
    })
  })
}

describe('the simulation finds in a store’s time', () => {
  for (const [what, first, plant] of [
    ['while the process stands still alone', 1, deafToStandstills],
    ['while the disk refuses alone', 1, deafToRefusals],
  ] as const)
    it(`that it passes ${what}`, async () => {
      assert.match(await foundIn(first, plant), /was refused .* before its time/)
    })

  it('that it passes while the process stands still, or the disk refuses', async () => {
    const found = await foundIn(1, (store, clock) => withDeadlines(store, () => clock.monotonicMs()))
    assert.match(found, /was refused .* before its time/)
  })

  it('that nobody has a full period when it goes on', async () => {
    const found = await foundIn(1, (store) => withDeadlines(store, () => store.serviceTime.heardMs()))
    assert.match(found, /was refused .* before its time/)
  })

  it('that answers to idempotency keys are forgotten by the wall clock', async () => {
    const found = await foundIn(1, (store, clock) => ({
      ...store,
      replies: withWallReplies(store.replies, clock),
    }))
    assert.match(found, /was sent although key-.* had been used/)
  })

  it('that sign-ins end by the wall clock', async () => {
    const found = await foundIn(1, (store, clock) => ({ ...store, ...withWallFamilies(store, clock) }))
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
