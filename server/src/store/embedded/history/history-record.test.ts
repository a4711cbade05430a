import assert from 'node:assert/strict'
import { it } from 'node:test'
import { DISCARD_REASONS } from '@rollcall/protocol/history'
import type { Outcome } from '../../store.ts'
import { codeOf, notedOf } from './history-record.ts'

/** As the first version wrote them, by their bytes. */
const FIRST: readonly Outcome[] = ['not_connected', 'queued', 'sent', 'acknowledged', 'expired', 'discarded']

it('what earlier versions wrote reads as before, without a reason', () => {
  for (const [code, outcome] of FIRST.entries()) {
    assert.deepEqual(notedOf(code, 7), { outcome, atWallMs: 7 })
    assert.equal(codeOf(outcome), code)
  }
})

it('every reason fits into the byte beside its outcome, and comes back', () => {
  for (const reason of DISCARD_REASONS) {
    const code = codeOf('discarded', reason)
    assert(code > 5 && code <= 255)
    assert.deepEqual(notedOf(code, 7), { outcome: 'discarded', atWallMs: 7, reason })
  }
})

it('a reason of a later version is none; an outcome of one is not taken for another', () => {
  assert.deepEqual(notedOf(5 + (31 << 3), 7), { outcome: 'discarded', atWallMs: 7 })
  assert.throws(() => notedOf(7, 7), RangeError)
})
