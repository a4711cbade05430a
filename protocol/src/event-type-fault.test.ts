import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EVENT_TYPE_RULE, isEventType } from './event.ts'
import { correctedEventType, eventTypeFault } from './event-type-fault.ts'

describe('a corrected event type', () => {
  for (const [given, name] of [
    ['ring', 'RingSentEvent'],
    ['CallEvent', 'CallSentEvent'],
    ['CallOffered', 'CallOfferedEvent'],
    ['call_offered', 'CallOfferedEvent'],
    ['call.offered.event', 'CallOfferedEvent'],
    ['CALL_OFFERED', 'CallOfferedEvent'],
    ['callOfferedEvent', 'CallOfferedEvent'],
    ['SDPOffer', 'SDPOfferEvent'],
    ['chat message 2 sent', 'ChatMessageSentEvent'],
    ['Anruf für Bob', 'AnrufFRBobEvent'],
  ] as const)
    it(`${given} → ${name}`, () => {
      const made = correctedEventType(given)
      if (made !== undefined) assert.ok(isEventType(made), made)
      assert.equal(made, name)
    })

  it('is not made of what holds no words, and repeats nothing long', () => {
    for (const given of [
      '',
      'Event',
      '***',
      '4111 1111 1111 1111',
      'user endpoint expired',
      42,
      null,
      undefined,
      'a'.repeat(65),
    ])
      assert.equal(correctedEventType(given), undefined, String(given))
    assert.equal(eventTypeFault('***'), `must be ${EVENT_TYPE_RULE}`)
    assert.equal(eventTypeFault('ring'), `must be ${EVENT_TYPE_RULE}; here perhaps "RingSentEvent"`)
  })
})
