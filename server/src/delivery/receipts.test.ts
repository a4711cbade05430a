import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'
import { REGISTRATION } from '../../../test/helpers/registration.ts'
import type { EntryPosition } from '../store/store.ts'
import { Receipts } from './receipts.ts'

/** For whom, and who sent it. */
const EVENT = {
  to: REGISTRATION,
  sentBy: { kind: 'client', id: 'backend' },
  senderId: 'client/acme/backend',
  eventId: 'e',
} as const

const USUAL = { waitFor: 'acknowledged', graceMs: undefined } as const

function entry(registrationId: number, sequence: number): EntryPosition {
  return { registration: { ...REGISTRATION, registrationId }, sequence }
}

function setup(waitersMax = 2) {
  const clock = createFakeClock()
  const receipts = new Receipts(clock, noLimits({ receiptWaitersMax: waitersMax }).ledger.waiters)
  const leaving = new AbortController()
  return {
    clock,
    receipts,
    leaving,
    /** Waits ten seconds for entries; tells when it is over. */
    wait(...entries: EntryPosition[]) {
      const waiter = receipts.open(REGISTRATION, USUAL)
      receipts.expect(waiter, EVENT, entries, 1)
      const state = { waiter, isOver: false }
      void waiter.wait({ waitMs: 10_000, gone: leaving.signal }).then(() => {
        state.isOver = true
      })
      return state
    },
  }
}

describe('receipts', () => {
  it('are counted, each entry once, and end the wait with the last', async () => {
    const { clock, receipts, wait } = setup()
    const state = wait(entry(1, 7), entry(2, 8), entry(3, 9))
    receipts.entryEnded(entry(1, 7), true)
    receipts.entryEnded(entry(1, 7), true)
    receipts.entryEnded(entry(2, 7), true)
    receipts.entryEnded(entry(2, 8), false)
    await clock.advance(0)
    assert.equal(state.isOver, false)
    receipts.entryEnded(entry(3, 9), true)
    await clock.advance(0)
    assert.equal(state.isOver, true)
    assert.deepEqual(state.waiter.count, { acknowledged: 2, connected: 1 })
    assert.equal(clock.pending(), 0, 'no timer is left')
  })

  it('do not come any more from a registration that ended', async () => {
    const { clock, receipts, wait } = setup()
    const first = wait(entry(1, 7), entry(2, 8))
    const second = wait(entry(1, 9))
    receipts.registrationEnded(1)
    await clock.advance(0)
    assert.deepEqual([first.isOver, second.isOver], [false, true])
    receipts.entryEnded(entry(1, 7), true)
    receipts.entryEnded(entry(2, 8), true)
    await clock.advance(0)
    assert.equal(first.isOver, true)
    assert.equal(first.waiter.count?.acknowledged, 1)
  })

  it('are waited for until the time is over, the sender leaves, or the server stops', async () => {
    const { clock, receipts, leaving, wait } = setup(10)
    const late = wait(entry(1, 1))
    await clock.advance(9_999)
    assert.equal(late.isOver, false)
    await clock.advance(1)
    assert.equal(late.isOver, true)
    const left = wait(entry(1, 2))
    leaving.abort()
    await clock.advance(0)
    assert.equal(left.isOver, true)
    const { waiter } = left
    const gone = new AbortController().signal
    const stopped = receipts.open(REGISTRATION, USUAL)
    receipts.expect(stopped, EVENT, [entry(1, 3)], 1)
    const waiting = stopped.wait({ waitMs: 10_000, gone })
    assert.equal(stopped.count?.isCutShort, undefined)
    receipts.endAll()
    await waiting
    assert.equal(stopped.count?.isCutShort, true)
    const after = receipts.open(REGISTRATION, USUAL)
    receipts.expect(after, EVENT, [entry(1, 4)], 1)
    await after.wait({ waitMs: 10_000, gone })
    assert.equal(after.count?.isCutShort, true)
    receipts.entryEnded(entry(1, 4), true)
    assert.deepEqual(after.count, { acknowledged: 1, connected: 1 }, 'all is known')
    assert.equal(clock.pending(), 0)
    receipts.close(waiter)
  })

  it('have so many places and no more, and a place is free again once it is closed', () => {
    const { receipts, wait } = setup(2)
    const { waiter } = wait(entry(1, 1))
    receipts.open(REGISTRATION, USUAL)
    const isRefusal = (error: unknown) =>
      error instanceof RollcallError && error.code === 'unavailable' && error.retryAfterSeconds === 1
    assert.throws(() => receipts.open(REGISTRATION, USUAL), isRefusal)
    receipts.close(waiter)
    receipts.close(waiter)
    receipts.open(REGISTRATION, USUAL)
    assert.throws(() => receipts.open(REGISTRATION, USUAL), isRefusal)
    receipts.entryEnded(entry(1, 1), true)
    assert.equal(waiter.count?.acknowledged, 0, 'nobody counts for a closed one')
  })

  it('are not known where the event was not sent for this request', async () => {
    const { receipts, leaving } = setup()
    const waiter = receipts.open(REGISTRATION, USUAL)
    await waiter.wait({ waitMs: 10_000, gone: leaving.signal })
    assert.equal(waiter.count, undefined)
  })
})
