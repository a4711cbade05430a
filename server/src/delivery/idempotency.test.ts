import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { createMemoryStore } from '../store/memory/memory.ts'
import {
  type AppendOutcome,
  type AppendRequest,
  type Reply,
  SHARE_PERCENTS,
  type Store,
  type UserKey,
} from '../store/store.ts'
import { Idempotency } from './idempotency.ts'

const CALLER = { organizationId: 'acme', userId: 'backend' }
/** As the store leaves whoever is at a key alone with it. */
const CLAIM_LEASE_MS = 15_000
const BOB = { organizationId: 'acme', userId: 'bob' }

const ROOM = { eventsMax: 10, bytesMax: 100 }
const EVENT = { eventId: 'e', payload: Buffer.from('x'), sealed: false, acceptedAtWallMs: 0 }
const FULL = new RollcallError('mailbox_full')

type Work = Parameters<Idempotency['run']>[3]

function append(store: Store, request: AppendRequest): Promise<AppendOutcome> {
  return store.mailboxes.append(request)
}

function setup(idempotencyKeysMax = 100) {
  const clock = createFakeClock()
  const store = createMemoryStore({
    clock,
    bookBounds: {
      ...SHARE_PERCENTS,
      revocationsMax: 10,
      auditLinesMax: 10,
      auditDays: 1,
      refreshFamiliesMax: 10,
      lastSeenUsersMax: 10,
      idempotencyKeysMax,
    },
  })
  let tokens = 0
  const open = () => new Idempotency(clock, () => `token-${++tokens}`, store.replies)
  const here = open()
  const idempotency = { run: (owner: UserKey, key: string, work: Work) => here.run(owner, key, BOB, work) }
  let runs = 0
  const succeed = async (): Promise<Reply> => ({ eventId: `event-${++runs}`, count: 1 })
  return { clock, store, open, idempotency, succeed, runs: () => runs }
}

describe('an idempotency key', () => {
  it('gives the first answer for ten minutes', async () => {
    const { clock, idempotency, succeed } = setup()
    const first = await idempotency.run(CALLER, 'k', succeed)
    await clock.advance(599_999)
    assert.deepEqual(await idempotency.run(CALLER, 'k', succeed), first)
    await clock.advance(1)
    assert.equal((await idempotency.run(CALLER, 'k', succeed)).eventId, 'event-2')
  })

  it('belongs to its caller', async () => {
    const { idempotency, succeed, runs } = setup()
    await idempotency.run(CALLER, 'k', succeed)
    await idempotency.run({ ...CALLER, userId: 'other' }, 'k', succeed)
    await idempotency.run({ ...CALLER, organizationId: 'globex' }, 'k', succeed)
    await idempotency.run(CALLER, '__proto__', succeed)
    assert.equal(runs(), 4)
  })

  it('makes a concurrent request wait for the first and share its answer', async () => {
    const { idempotency, succeed, runs } = setup()
    const answers = await Promise.all([1, 2, 3, 4].map(() => idempotency.run(CALLER, 'k', succeed)))
    assert.equal(runs(), 1)
    assert.deepEqual(new Set(answers.map((answer) => answer.eventId)), new Set(['event-1']))
  })

  it('does not remember a refusal: one waiting request at a time tries again', async () => {
    const { idempotency, succeed, runs } = setup()
    let active = 0
    const failOnce = async (): Promise<Reply> => {
      active++
      assert.equal(active, 1)
      await Promise.resolve()
      active--
      throw new Error('mailbox full')
    }
    const outcomes = await Promise.allSettled([
      idempotency.run(CALLER, 'k', failOnce),
      idempotency.run(CALLER, 'k', failOnce),
      idempotency.run(CALLER, 'k', succeed),
      idempotency.run(CALLER, 'k', succeed),
    ])
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['rejected', 'rejected', 'fulfilled', 'fulfilled'],
    )
    assert.equal(runs(), 1)
  })

  it('of whoever has the most is forgotten when there are too many, never one of another tenant', async () => {
    const { idempotency, succeed, runs } = setup(1_000)
    const victim = { organizationId: 'globex', userId: 'backend' }
    const colleague = { ...CALLER, userId: 'colleague' }
    await idempotency.run(victim, 'k', succeed)
    await idempotency.run(colleague, 'k', succeed)
    for (let key = 0; key < 1_000; key++) await idempotency.run(CALLER, `k${key}`, succeed)
    const before = runs()
    await idempotency.run(victim, 'k', succeed)
    await idempotency.run(colleague, 'k', succeed)
    await idempotency.run(CALLER, 'k999', succeed)
    assert.equal(runs(), before, 'nothing is sent twice')
    await idempotency.run(CALLER, 'k0', succeed)
    assert.equal(runs(), before + 1)
  })

  it('is one key for all processes: who comes second waits, and gets the first one’s answer', async () => {
    const { clock, open, succeed, runs } = setup()
    const [here, there] = [open(), open()]
    let finish: (reply: Reply) => void = () => undefined
    const slow = here.run(CALLER, 'k', BOB, () => new Promise<Reply>((resolve) => (finish = resolve)))
    const second = there.run(CALLER, 'k', BOB, succeed)
    await clock.advance(500)
    finish({ eventId: 'first', count: 2 })
    await slow
    await clock.advance(100)
    assert.deepEqual(await second, { eventId: 'first', count: 2 })
    assert.equal(runs(), 0)
  })

  it('whose first request was refused elsewhere is tried by whoever waits', async () => {
    const { clock, open, succeed } = setup()
    const [here, there] = [open(), open()]
    let refuse: () => void = () => undefined
    const refused = here.run(
      CALLER,
      'k',
      BOB,
      () => new Promise((_, reject) => (refuse = () => reject(FULL))),
    )
    const second = there.run(CALLER, 'k', BOB, succeed)
    await clock.advance(100)
    refuse()
    await assert.rejects(refused, FULL)
    await clock.advance(100)
    assert.equal((await second).eventId, 'event-1')
  })

  it('of a process that died before it sent anything is free once its lease is over', async () => {
    const { clock, open, store, succeed, runs } = setup()
    const claim = { owner: CALLER, key: 'k', rememberMs: 600_000, token: 'of the dead' }
    await store.replies.claim(claim, BOB)
    const second = open().run(CALLER, 'k', BOB, succeed)
    await clock.advance(CLAIM_LEASE_MS - 1)
    assert.equal(runs(), 0)
    await clock.advance(100)
    assert.equal((await second).eventId, 'event-1')
    const late = { ...BOB, ...ROOM, event: { ...EVENT, eventId: 'late' }, idempotency: claim }
    await assert.rejects(append(store, late), { code: 'unavailable' })
  })

  it('whose event may have been written gives its answer once that is known, and is not sent again', async () => {
    const { clock, open, store, succeed, runs } = setup()
    const undecided = new RollcallError('unavailable', undefined, { isUndecided: true })
    const first = open().run(CALLER, 'k', BOB, async (idempotency) => {
      await append(store, { ...BOB, ...ROOM, event: EVENT, idempotency })
      throw undecided
    })
    await assert.rejects(first, undecided)
    const second = open().run(CALLER, 'k', BOB, succeed)
    await clock.advance(CLAIM_LEASE_MS + 100)
    assert.deepEqual(await second, { eventId: 'e', count: 0 })
    assert.equal(runs(), 0)
  })
})
