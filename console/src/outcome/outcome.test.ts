import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HistoryEndpoint, HistoryOutcome } from '@rollcall/client'
import { DISCARD_REASONS } from '@rollcall/protocol/history'
import { discardWords, sharedReason } from './discard-words.ts'
import { isFinal, isOver, tallyOf, wordsFor } from './outcome.ts'
import { reasonOf } from './reason.ts'
import { after, summaryOf } from './summary.ts'

const ACCEPTED = '2026-01-01T12:00:00.000Z'

/** An instant so many milliseconds after acceptance. */
function at(ms: number): string {
  return new Date(Date.parse(ACCEPTED) + ms).toISOString()
}

function part(outcome: HistoryOutcome, times: Partial<HistoryEndpoint> = {}): HistoryEndpoint {
  return { userEndpointId: outcome, outcome, ...times }
}

function record(qos: 0 | 1, ...endpoints: readonly HistoryEndpoint[]) {
  return { qos, acceptedAt: ACCEPTED, endpoints }
}

describe('outcomes', () => {
  it('are counted, what went well first', () => {
    const endpoints = [part('queued'), part('acknowledged'), part('queued'), part('expired')]
    assert.deepEqual(tallyOf({ endpoints }), [
      ['acknowledged', 1],
      ['queued', 2],
      ['expired', 1],
    ])
  })

  it('are final but for queued, and sent at QoS 1', () => {
    assert.equal(isFinal(record(0, part('sent'), part('not_connected'))), true)
    assert.equal(isFinal(record(1, part('sent'))), false)
    assert.equal(isFinal(record(1, part('acknowledged'), part('queued'))), false)
    assert.equal(isFinal(record(1, part('acknowledged'), part('expired'), part('discarded'))), true)
    assert.equal(isFinal(record(1)), true)
  })

  it('are over once nobody is about to answer what the devices have', () => {
    const acceptedMs = Date.parse(ACCEPTED)
    const rings = record(1, part('acknowledged'), part('expired'))
    assert.deepEqual(
      [isOver(rings, acceptedMs + 119_999), isOver(rings, acceptedMs + 120_000)],
      [false, true],
    )
    assert.equal(isOver({ ...rings, answeredAt: at(4_000) }, acceptedMs + 4_001), true)
    assert.equal(isOver(record(1, part('expired')), acceptedMs), true, 'there is nothing to answer')
    assert.equal(isOver({ ...record(1, part('queued')), answeredAt: at(1) }, acceptedMs + 1e9), false)
  })

  it('have a tone: sent is as good as it gets at QoS 0 only', () => {
    assert.equal(wordsFor('sent', 0).tone, 'good')
    assert.equal(wordsFor('sent', 1).tone, 'busy')
  })
})

describe('the summary', () => {
  const given = [
    [record(1), 'Nobody was registered: no device got it.'],
    [
      record(1, part('acknowledged', { acknowledgedAt: at(51) })),
      'Acknowledged by its only device within 51 ms.',
    ],
    [
      record(1, part('acknowledged', { acknowledgedAt: at(0) }), part('acknowledged')),
      'Acknowledged by all 2 devices within 1 ms.',
    ],
    [
      record(1, part('acknowledged', { acknowledgedAt: at(2_500) }), part('queued'), part('expired')),
      'Acknowledged by 1 of 3 devices within 2.5 s; 1 queued, 1 expired.',
    ],
    [record(1, part('queued'), part('sent')), 'No device has acknowledged it yet: 1 sent, 1 queued.'],
    [record(1, part('expired'), part('discarded')), 'No device got it: 1 expired, 1 discarded.'],
    [
      record(0, part('sent', { sentAt: at(2) }), part('not_connected')),
      'Sent to 1 of 2 devices within 2 ms; 1 not connected.',
    ],
    [record(0, part('not_connected')), 'No device got it: 1 not connected.'],
  ] as const
  it('begins with who answered, and when', () => {
    const rung = record(1, part('acknowledged', { acknowledgedAt: at(51) }), part('queued'))
    const answered = { ...rung, answeredAt: at(4_200), answeredBy: 'bobs-phone' }
    const text = 'Answered by bobs-phone after 4.2 s. Acknowledged by 1 of 2 devices within 51 ms; 1 queued.'
    assert.deepEqual(summaryOf(answered), { tone: 'good', text })
    // The answer may be known before the receipt.
    const early = { ...record(1, part('sent')), answeredAt: at(900), answeredBy: 'a' }
    assert.equal(summaryOf(early).tone, 'good')
  })

  it('says of a device that was spared that another has answered', () => {
    const spared = part('discarded', { queuedAt: at(0), discardedAt: at(4_201) })
    const rung = {
      ...record(1, part('acknowledged', { acknowledgedAt: at(51) }), spared),
      answeredAt: at(4_200),
    }
    assert.match(reasonOf(rung, spared) ?? '', /^Another device answered it at that moment/)
  })

  for (const [event, text] of given) it(text, () => assert.equal(summaryOf(event).text, text))

  it('has the precision of the history', () => {
    assert.deepEqual([0, 1, 999, 1_000, 59_900, 61_000].map(after), [
      '1 ms',
      '1 ms',
      '999 ms',
      '1.0 s',
      '59.9 s',
      '1 min 1 s',
    ])
  })
})

describe('the reason', () => {
  it('is missing where it has arrived', () => {
    assert.equal(reasonOf(record(1), part('acknowledged')), undefined)
    assert.equal(reasonOf(record(0), part('sent')), undefined)
  })

  it('is there for everything else, at either QoS', () => {
    const outcomes: readonly HistoryOutcome[] = ['not_connected', 'queued', 'expired', 'discarded']
    for (const outcome of outcomes)
      for (const qos of [0, 1] as const) assert.match(reasonOf(record(qos), part(outcome)) ?? '', /\.$/)
    assert.match(
      reasonOf(record(1), part('sent', { sentAt: at(4) })) ?? '',
      /4 ms after .*has not acknowledged/,
    )
  })

  it('tells lifetimes apart: never sent, and sent without an acknowledgement', () => {
    const never = part('expired', { queuedAt: at(0), expiredAt: at(1_000) })
    assert.equal(
      reasonOf(record(1), never),
      'Its lifetime ended after 1.0 s, before it could be handed to a connection.',
    )
    assert.match(reasonOf(record(1), { ...never, sentAt: at(3) }) ?? '', /did not acknowledge/)
  })

  it('is what the server says, whatever the times look like', () => {
    for (const discardReason of DISCARD_REASONS) {
      const waited = part('discarded', { queuedAt: at(0), discardedAt: at(5_000), discardReason })
      const answer = part('acknowledged', { acknowledgedAt: at(4_999) })
      assert.equal(reasonOf(record(1, answer, waited), waited), discardWords(discardReason)?.meaning)
      assert.match(discardWords(discardReason)?.meaning ?? '', /\.$/)
    }
  })

  it('is told of several at once where it is the same', () => {
    const lost = (discardReason?: HistoryEndpoint['discardReason']) =>
      part('discarded', discardReason === undefined ? {} : { discardReason })
    const kept = part('acknowledged')
    assert.equal(
      sharedReason([lost('answered_elsewhere'), kept, lost('answered_elsewhere')])?.isHarmless,
      true,
    )
    assert.equal(sharedReason([lost('kicked')])?.text, 'device was kicked')
    assert.equal(sharedReason([lost('kicked'), lost('evicted')]), undefined)
    assert.equal(sharedReason([lost('kicked'), lost()]), undefined)
    assert.equal(sharedReason([lost()]), undefined)
    assert.equal(sharedReason([kept]), undefined)
  })

  it('of a later server, which this console does not know, is told by the times', () => {
    const later = JSON.parse('{"userEndpointId":"a","outcome":"discarded","discardReason":"constructor"}')
    assert.match(reasonOf(record(1), later) ?? '', /mailbox was full/)
  })

  it('tells what was discarded apart: no room, answered elsewhere, given up', () => {
    const full = part('discarded', { discardedAt: at(0) })
    assert.match(reasonOf(record(1), full) ?? '', /mailbox was full/)
    const waited = part('discarded', { queuedAt: at(0), discardedAt: at(5_000) })
    assert.match(reasonOf(record(1), waited) ?? '', /given up/)
    const answer = part('acknowledged', { acknowledgedAt: at(4_999) })
    assert.match(reasonOf(record(1, answer, waited), waited) ?? '', /^Another device acknowledged/)
    const long = part('acknowledged', { acknowledgedAt: at(10) })
    assert.match(reasonOf(record(1, long, waited), waited) ?? '', /given up/)
  })
})
