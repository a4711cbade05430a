import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import type { Reply } from '../store/store.ts'
import { IDEMPOTENCY_BOUNDS, Idempotency } from './idempotency.ts'

const CALLER = { organizationId: 'acme', userId: 'backend' }

function setup(bounds: Partial<typeof IDEMPOTENCY_BOUNDS> = {}) {
  const clock = createFakeClock()
  const wall = { earliestMs: clock.wallMs, latestMs: clock.wallMs }
  const idempotency = new Idempotency(
    clock,
    wall,
    { find: async () => undefined, evicted: () => 0 },
    { ...IDEMPOTENCY_BOUNDS, ...bounds },
  )
  let runs = 0
  const succeed = async (): Promise<Reply> => ({ eventId: `event-${++runs}`, count: 1 })
  return { clock, idempotency, succeed, runs: () => runs }
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
    const { idempotency, succeed, runs } = setup({ idempotencyKeysMax: 10_000 })
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
})
