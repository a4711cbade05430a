import type { EndedCounts, QosOneCounts, QosZeroCounts } from '@rollcall/protocol/statistics'
import type { Statistics } from '../observe/observe.ts'

type Figures = ReturnType<Statistics['read']>

/** One minute of an organization, as numbers. Where each has its place, is said here and nowhere else. */
export type Sample = Float64Array

export const GAUGES = ['registrations', 'connected', 'mailboxEvents'] as const
export const QOS_0 = [
  'events',
  'sent',
  'notConnected',
  'discarded',
  'answered',
] as const satisfies readonly (keyof QosZeroCounts)[]
export const QOS_1 = [
  'events',
  'copies',
  'acknowledged',
  'expired',
  'discarded',
  'registrationEnded',
  'superseded',
  'mailboxFull',
  'answered',
] as const satisfies readonly (keyof QosOneCounts)[]
export const ENDED = ['expired', 'unregistered'] as const satisfies readonly (keyof EndedCounts)[]

/** Places of gauges that are the store's. */
const REGISTRATIONS = GAUGES.indexOf('registrations')
const MAILBOX_EVENTS = GAUGES.indexOf('mailboxEvents')

/** Buckets of a histogram. */
const BUCKETS = 15

/** The places are those on disk: where something is added, it comes last. */
export const PLACES = {
  gauges: 0,
  qos0: 3,
  qos1: 8,
  ended: 17,
  qos0Ms: 19,
  qos1Ms: 34,
  latenessMs: 49,
  /** Of all together: how many organizations have no sample of this minute although something happened there. */
  omitted: 64,
  /** Of the counts of QoS 1, the latest to come. */
  woken: 65,
} as const
export const SAMPLE_NUMBERS = 66

export type Gauges = Readonly<Record<(typeof GAUGES)[number], number>>

/** What was counted up to now; the gauges are nought. */
export function countsOf({ qos0, qos1, ended, deliveryMs, expiryLatenessMs }: Figures): Sample {
  const sample = new Float64Array(SAMPLE_NUMBERS)
  sample.set(
    QOS_0.map((name) => qos0[name]),
    PLACES.qos0,
  )
  sample.set(
    QOS_1.map((name) => qos1[name]),
    PLACES.qos1,
  )
  sample[PLACES.woken] = qos1.woken
  sample.set(
    ENDED.map((name) => ended[name]),
    PLACES.ended,
  )
  sample.set(deliveryMs.qos0.slice(0, BUCKETS), PLACES.qos0Ms)
  sample.set(deliveryMs.qos1.slice(0, BUCKETS), PLACES.qos1Ms)
  sample.set(expiryLatenessMs.counts.slice(0, BUCKETS), PLACES.latenessMs)
  return sample
}

/** What came between two counts. */
export function between(before: Sample | undefined, after: Sample): Sample {
  return after.map((number, place) => number - (before?.[place] ?? 0))
}

export function withGauges(sample: Sample, gauges: Gauges): Sample {
  const whole = sample.slice()
  whole.set(
    GAUGES.map((name) => gauges[name]),
    PLACES.gauges,
  )
  return whole
}

export function isNothing(sample: Sample): boolean {
  return sample.every((number) => number === 0)
}

/**
 * Adds what another process, or the same one before a restart, has counted of the same time. What the store says is of all of
 * them; links are each process's own.
 */
export function join(one: Sample, other: Sample): Sample {
  return one.map((number, place) => {
    const more = other[place] ?? 0
    const isOfAll = place === REGISTRATIONS || place === MAILBOX_EVENTS || place === PLACES.omitted
    return isOfAll ? Math.max(number, more) : number + more
  })
}

/** A later sample after an earlier one: gauges are those of the later. */
export function follow(earlier: Sample, later: Sample): Sample {
  return earlier.map((number, place) => {
    const more = later[place] ?? 0
    return place < PLACES.qos0 ? more : number + more
  })
}

export function bucketsAt(sample: Sample, place: number): readonly number[] {
  return [...sample.subarray(place, place + BUCKETS)]
}
