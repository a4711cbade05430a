import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { figuresOf, percent, perSecond } from './figures.ts'
import { add, EMPTY } from './history.ts'
import { type Changes, statisticsOf } from './statistics-fixture.ts'

/** The figures by their labels, after answers a second apart. */
function figuresAfter(...answers: readonly Changes[]) {
  const all = answers.map((changes, index) => statisticsOf(index * 1_000, changes))
  const figures = figuresOf(all.reduce(add, EMPTY), all.at(-1) ?? statisticsOf(0, {}))
  return new Map(
    figures.map(({ label, values, hint }) => [label, [values.map(({ text }) => text).join(' / '), hint]]),
  )
}

describe('the figures', () => {
  it('of an empty server are zeros, or nothing', () => {
    const figures = figuresAfter({}, {})
    assert.deepEqual(
      [...figures.values()].map(([value]) => value),
      ['0', '0', '0', '0', '–', '– / –', '– / –', '– / –'],
    )
    assert.equal(
      figures.get('Acknowledged')?.[1],
      'of QoS 1 copies for devices that stayed; none has ended yet',
    )
  })

  it('of a first answer are of all the time since the start', () => {
    const figures = figuresAfter({ qos1: { acknowledged: 3, expired: 1 }, qos1Ms: [3, 0, 0, 0] })
    assert.deepEqual(figures.get('Acknowledged'), [
      '75 %',
      'of 4 QoS 1 copies for devices that stayed, ended since the server started',
    ])
    assert.deepEqual(figures.get('Delivery, QoS 1'), [
      '0.50 ms / 0.99 ms',
      'until acknowledged; 3 since the server started',
    ])
    assert.equal(figures.get('Events per second')?.[0], '–')
  })

  it('are of the last minutes where something was counted in them', () => {
    const figures = figuresAfter(
      { qos1: { acknowledged: 3, expired: 1 }, latenessMs: [0, 0, 1, 0] },
      { qos0: { events: 4 }, qos1: { events: 1, acknowledged: 4, expired: 1 }, latenessMs: [0, 0, 1, 2] },
    )
    assert.deepEqual(figures.get('Acknowledged'), [
      '100 %',
      'of 1 QoS 1 copy for devices that stayed, ended in the last 1 s',
    ])
    assert.deepEqual(figures.get('Expiry lateness'), [
      '> 100 ms / > 100 ms',
      'after the deadline; 2 expiries in the last 1 s',
    ])
    assert.deepEqual(figures.get('Events per second'), ['5.0', 'QoS 0: 4.0, QoS 1: 1.0'])
  })

  it('take no tab that was closed, and nothing that another device took, for a failure of delivery', () => {
    // The demo after an hour: 4 rings that were answered, and 11 copies for tabs that had been closed without a word.
    const counted = { acknowledged: 4, discarded: 13, registrationEnded: 11, superseded: 2 }
    const figures = figuresAfter({ qos1: counted }, { qos1: counted })
    assert.deepEqual(figures.get('Acknowledged'), [
      '100 %',
      'of 4 QoS 1 copies for devices that stayed, ended since the server started; 11 more were for devices that had gone',
    ])
    const gone = figuresAfter({}, { qos1: { discarded: 1, registrationEnded: 1 } })
    assert.deepEqual(gone.get('Acknowledged'), [
      '–',
      'of QoS 1 copies for devices that stayed; none has ended yet; 1 more was for a device that had gone',
    ])
    const failed = figuresAfter({ qos1: { acknowledged: 1, expired: 1, discarded: 2, registrationEnded: 1 } })
    assert.equal(failed.get('Acknowledged')?.[0], '33.3 %', 'expired, and too large for its client')
  })

  it('tell what is reachable and waits', () => {
    const figures = figuresAfter({
      registrations: 1_204,
      connected: 1_203,
      mailboxEvents: 7,
    })
    assert.deepEqual(figures.get('Registrations'), ['1,204', 'devices that are reachable now'])
    assert.deepEqual(figures.get('Connected'), ['1,203', '> 99.9 % of them have a link'])
    assert.equal(figures.get('Waiting in mailboxes')?.[0], '7')
  })
})

describe('numbers', () => {
  it('round, but never to all or nothing', () => {
    assert.deepEqual([null, 0, 0.04, 33.333, 99.95, 100].map(percent), [
      '–',
      '0 %',
      '< 0.1 %',
      '33.3 %',
      '> 99.9 %',
      '100 %',
    ])
    assert.deepEqual([undefined, 0, 0.25, 9.96, 1_234.5].map(perSecond), ['–', '0', '0.3', '10.0', '1,235'])
  })
})
