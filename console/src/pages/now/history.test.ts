import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { add, EMPTY, type History, lately, type Point } from './history.ts'
import { type Changes, statisticsOf } from './statistics-fixture.ts'

function seen(...answers: readonly (readonly [atMs: number, changes: Changes])[]): History {
  return answers.reduce((history, answer) => add(history, statisticsOf(...answer)), EMPTY)
}

/** One column, `·` where nothing at all is known: a gap. */
function column({ points }: History, name: keyof Point) {
  return points.map((point) => (point.registrations === null ? '·' : point[name]))
}

describe('the points of a history', () => {
  it('have rates by the time that has passed, however uneven', () => {
    const history = seen(
      [0, { qos0: { events: 70 } }],
      [1_000, { qos0: { events: 74 }, qos1: { events: 1 } }],
      [3_000, { qos0: { events: 75 }, qos1: { events: 1 } }],
    )
    assert.deepEqual(column(history, 'qos0PerSecond'), [null, 4, 0.5])
    assert.deepEqual(column(history, 'qos1PerSecond'), [null, 1, 0])
  })

  it('have zeros for an empty server, and no share or latency of nothing', () => {
    const history = seen([0, {}], [1_000, {}])
    assert.deepEqual(column(history, 'registrations'), [0, 0])
    assert.deepEqual(column(history, 'qos1PerSecond'), [null, 0])
    assert.deepEqual(column(history, 'acknowledgedPercent'), [null, null])
    assert.deepEqual(column(history, 'qos1P99Ms'), [null, null])
  })

  it('have the share of what ended in the last minute', () => {
    const history = seen(
      [0, { qos1: { acknowledged: 100 } }],
      [4_000, { qos1: { acknowledged: 101, expired: 1, discarded: 2 } }],
      [61_000, { qos1: { acknowledged: 104, expired: 1, discarded: 2 } }],
      [66_000, { qos1: { acknowledged: 104, expired: 1, discarded: 2 } }],
    )
    assert.deepEqual(column(history, 'acknowledgedPercent'), [null, 25, '·', (100 * 4) / 7, 100])
  })

  it('have latencies of the last 10 seconds, at most the last bound', () => {
    const history = seen(
      [0, { qos1Ms: [9, 9, 9, 0] }],
      [5_000, { qos1Ms: [13, 9, 9, 0] }],
      [10_000, { qos1Ms: [13, 9, 9, 1] }],
      [15_000, { qos1Ms: [13, 9, 9, 1] }],
      [20_000, { qos1Ms: [13, 9, 9, 1] }],
    )
    assert.deepEqual(column(history, 'qos1P50Ms'), [null, 0.5, 0.625, 100, null])
    assert.deepEqual(column(history, 'qos1P99Ms'), [null, 0.99, 100, 100, null])
  })

  it('have a gap where the page was hidden or the server away', () => {
    const history = seen(
      [0, { registrations: 1 }],
      [5_000, { registrations: 2 }],
      [11_000, { registrations: 3 }],
    )
    assert.deepEqual(column(history, 'registrations'), [1, 2, '·', 3])
    assert.equal(history.points[2]?.atMs, 8_000)
    assert.equal(history.samples.length, 3, 'the counters go on')
  })
})

describe('a restart of the server', () => {
  const before: Changes = { registrations: 5, qos0: { events: 50 } }

  it('is a gap, and counts begin anew', () => {
    const since = '1970-01-01T00:00:01.500Z'
    const history = seen([0, before], [1_000, before], [2_000, { ...before, since }])
    assert.deepEqual(column(history, 'registrations'), [5, 5, '·', 5])
    assert.deepEqual(column(history, 'qos0PerSecond'), [null, 0, '·', null])
    assert.equal(history.samples.length, 1)
  })

  it('is seen by a counter that went down, or by buckets of another kind', () => {
    for (const after of [{ qos0: { events: 49 } }, { ...before, qos1Ms: [0, 0, 0, 0, 0] }])
      assert.deepEqual(column(seen([0, before], [1_000, after]), 'qos0PerSecond'), [null, '·', null])
  })
})

describe('a history', () => {
  it('keeps 300 of each, whatever comes', () => {
    let history = EMPTY
    for (let index = 0; index < 700; index++) {
      const since = new Date(Math.floor(index / 350)).toISOString()
      history = add(history, statisticsOf(index * 1_000, { since, registrations: index }))
    }
    assert.deepEqual([history.samples.length, history.points.length], [300, 300])
    assert.deepEqual([history.points[0]?.registrations, history.points.at(-1)?.registrations], [400, 699])
  })

  it('takes an answer once, and begins anew when the server’s clock is set back', () => {
    const twice = seen([1_000, {}], [1_000, {}])
    assert.equal(twice.points.length, 1)
    const back = seen([5_000, {}], [6_000, {}], [2_000, {}])
    assert.deepEqual(
      back.points.map(({ atMs }) => atMs),
      [2_000],
    )
  })

  it('tells what was counted lately, as far back as it knows', () => {
    const { samples } = seen(
      [0, { qos1: { events: 1 } }],
      [1_000, { qos1: { events: 3 } }],
      [2_000, { qos1: { events: 6 } }],
    )
    const recent = [1, 2_000, 60_000].map((windowMs) => lately(samples, windowMs))
    assert.deepEqual(
      recent.map((found) => [found?.tally.qos1Events, found?.elapsedMs]),
      [
        [3, 1_000],
        [5, 2_000],
        [5, 2_000],
      ],
    )
    assert.equal(lately(samples.slice(0, 1), 60_000), undefined)
  })
})
