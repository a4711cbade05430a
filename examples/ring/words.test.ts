import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NEW_PHONE } from './call-state.ts'
import { callText, durationText, initialOf, stateText } from './words.ts'

describe('the words of the page', () => {
  it('tell how long a call lasts', () => {
    for (const [ms, text] of [
      [-1, '0:00'],
      [7_999, '0:07'],
      [754_000, '12:34'],
      [3_600_000, '1:00:00'],
      [7_384_000, '2:03:04'],
    ] as const)
      assert.equal(durationText(ms), text)
  })

  it('take the first letter of any name', () => {
    for (const [name, initial] of [
      ['alice', 'A'],
      ['𝒃ob', '𝒃'],
      ['', '?'],
    ] as const)
      assert.equal(initialOf(name), initial)
  })

  it('say why a tab is not reachable, and when it tries again', () => {
    const error = new Error('The server cannot be reached.')
    const state = { status: 'reconnecting', reason: 'unreachable', retryInMs: 2_100, error } as const
    assert.equal(stateText(state, 'Bob'), 'Bob · reconnecting in 3 s: The server cannot be reached.')
    const closed = { status: 'closed', reason: 'taken_over' } as const
    assert.equal(stateText(closed, 'Bob'), 'Bob · not reachable: taken_over')
  })

  it('name people, and strangers by their id', () => {
    const untilMs = 1
    const ringing = (peer: string) =>
      callText({ ...NEW_PHONE, call: { kind: 'calling', callId: '1', peer, untilMs } })
    assert.deepEqual([ringing('bob'), ringing('<b>')], ['Calling Bob…', 'Calling <b>…'])
    assert.equal(callText(NEW_PHONE), '')
  })
})
