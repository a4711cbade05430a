import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HistoryEndpoint, HistoryRecord } from '@rollcall/client'
import { axisOf, lanesOf } from './timeline.ts'

const ACCEPTED_MS = Date.parse('2026-01-01T12:00:00.000Z')

function at(ms: number): string {
  return new Date(ACCEPTED_MS + ms).toISOString()
}

function record(qos: 0 | 1, ...endpoints: readonly HistoryEndpoint[]): HistoryRecord {
  return { id: 'e', organizationId: 'acme', userId: 'bob', qos, acceptedAt: at(0), event: {}, endpoints }
}

describe('the lanes of an event', () => {
  it('have their steps in the order of time, and say whether more may follow', () => {
    const lanes = lanesOf(
      record(
        1,
        {
          userEndpointId: 'a',
          outcome: 'acknowledged',
          acknowledgedAt: at(51),
          sentAt: at(2),
          queuedAt: at(0),
        },
        { userEndpointId: 'b', outcome: 'queued', queuedAt: at(0) },
      ),
    )
    const told = lanes.map(({ steps, isOpen }) => [steps.map(({ text, ms }) => `${text} ${ms}`), isOpen])
    assert.deepEqual(told, [
      [['queued 0', 'sent 2', 'acknowledged 51'], false],
      [['queued 0'], true],
    ])
  })

  it('begin with the acceptance, whatever the clock said', () => {
    const [lane] = lanesOf(record(0, { userEndpointId: 'a', outcome: 'sent', sentAt: at(-3) }))
    assert.deepEqual(
      lane?.steps.map(({ ms }) => ms),
      [0],
    )
  })
})

describe('an answer', () => {
  it('is a step of its own at the device that gave it, after its acknowledgement', () => {
    const times = { acknowledgedAt: at(51), answeredAt: at(4_200) }
    const [lane] = lanesOf(record(1, { userEndpointId: 'a', outcome: 'acknowledged', ...times }))
    assert.deepEqual(
      lane?.steps.map(({ text, kind, ms }) => [text, kind, ms]),
      [
        ['acknowledged', 'acknowledged', 51],
        ['answered', 'answered', 4_200],
      ],
    )
  })
})

describe('the axis', () => {
  it('has room for every step, and for now only where something may follow', () => {
    const done = lanesOf(record(1, { userEndpointId: 'a', outcome: 'acknowledged', acknowledgedAt: at(51) }))
    const last = (lanes: typeof done): string | undefined => axisOf(lanes, 7_200_000).marks.at(-1)?.text
    assert.equal(last(done), '100 ms')
    assert.equal(last(lanesOf(record(1, { userEndpointId: 'a', outcome: 'queued', queuedAt: at(0) }))), '1 d')
    assert.equal(last([]), '100 ms')
  })

  it('keeps a millisecond and a minute apart, always ascends, and never leaves its room', () => {
    const axis = axisOf(
      lanesOf(record(1, { userEndpointId: 'a', outcome: 'expired', expiredAt: at(60_000) })),
      0,
    )
    const spans = [0, 0.5, 1, 2, 10, 99, 100, 1_000, 30_000, 60_000]
    const places = spans.map(axis.placeOf)
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    )
    assert.equal(new Set(places).size, spans.length)
    assert.deepEqual([places[0], places.at(-1)], [0, 1])
    assert.ok((places[2] ?? 0) > 0.1)
    assert.equal(axisOf([], 0).placeOf(Number.MAX_SAFE_INTEGER), 1)
    for (const { place, text } of axis.marks.slice(1))
      assert.ok(Math.abs(axis.placeOf(msOf(text)) - place) < 1e-9, text)
  })
})

function msOf(text: string): number {
  const [amount, unit] = text.split(' ')
  return Number(amount) * (unit === 'ms' ? 1 : unit === 's' ? 1_000 : 60_000)
}
