import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSignal } from './signals.ts'

const event = (type: string, more: { readonly [name: string]: unknown } = {}) => ({
  id: 'event',
  timestamp: '2026-01-01T12:00:00Z',
  callId: 'call',
  ...more,
  type,
})
const OFFER = { from: 'alice', fromEndpoint: 'a1', ringSeconds: 30 }

describe('a signal', () => {
  it('is read from its event, without what else is in it', () => {
    assert.deepEqual(parseSignal(event('CallOfferedEvent', { ...OFFER, more: 1 })), {
      type: 'CallOfferedEvent',
      callId: 'call',
      ...OFFER,
      eventId: 'event',
      timestamp: '2026-01-01T12:00:00Z',
    })
    const type = 'CallAnsweredEvent'
    assert.deepEqual(parseSignal(event(type, { endpoint: 'b1' })), { type, callId: 'call', endpoint: 'b1' })
    for (const type of ['CallTakenEvent', 'CallDeclinedEvent', 'CallBusyEvent'])
      assert.deepEqual(parseSignal(event(type)), { type, callId: 'call' })
  })

  it('ends a call whatever the reason', () => {
    for (const [reason, read] of [
      ['declined', 'declined'],
      ['because', 'hung_up'],
      [{}, 'hung_up'],
      [undefined, 'hung_up'],
    ])
      assert.deepEqual(parseSignal(event('CallEndedEvent', { reason })), {
        type: 'CallEndedEvent',
        callId: 'call',
        reason: read,
      })
  })

  const bad: readonly (readonly [what: string, type: string, more: { readonly [name: string]: unknown }])[] =
    [
      ['of an unknown type', 'CallPausedEvent', {}],
      ['without a call', 'CallBusyEvent', { callId: undefined }],
      ['of an empty call', 'CallBusyEvent', { callId: '' }],
      ['of a call that is no string', 'CallBusyEvent', { callId: { toString: 'call' } }],
      ['with a call id that is too long', 'CallBusyEvent', { callId: 'x'.repeat(129) }],
      ['answered nowhere', 'CallAnsweredEvent', {}],
      ['answered by a number', 'CallAnsweredEvent', { endpoint: 1 }],
      ['from nobody', 'CallOfferedEvent', { ...OFFER, from: '' }],
      ['of a time that is none', 'CallOfferedEvent', { ...OFFER, timestamp: 'yesterday' }],
      ['from no tab', 'CallOfferedEvent', { ...OFFER, fromEndpoint: null }],
      ...[0, 61, 1.5, '30', Number.NaN, Number.POSITIVE_INFINITY, undefined].map(
        (ringSeconds) =>
          [`that rings for ${String(ringSeconds)}`, 'CallOfferedEvent', { ...OFFER, ringSeconds }] as const,
      ),
    ]
  for (const [what, type, more] of bad)
    it(`is none ${what}`, () => assert.equal(parseSignal(event(type, more)), undefined))
})
