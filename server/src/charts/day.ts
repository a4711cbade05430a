import type { DayStatistics, QuantileSeries, Series } from '@rollcall/protocol/statistics'
import type { Point } from './points.ts'
import { quantile } from './quantile.ts'
import { MINUTE_MS } from './recorder.ts'
import { bucketsAt, ENDED, follow, GAUGES, join, PLACES, QOS_0, QOS_1, type Sample } from './sample.ts'

const DAY_MINUTES = 1_440

/** Some minutes in a row that are told together. */
type Step = { readonly minutes: number; readonly sample: Sample | undefined }

/** Which steps a day has, by the number of minutes since 1970. Both ends are whole steps; the last may not be over. */
export type Steps = { readonly first: number; readonly count: number; readonly minutes: number }

/** The last 24 hours up to the last minute that is over. Pure. */
export function stepsOf(nowWallMs: number, stepSeconds: number): Steps {
  const minutes = stepSeconds / 60
  const count = DAY_MINUTES / minutes
  const last = Math.floor(nowWallMs / MINUTE_MS) - 1
  return { first: (Math.floor(last / minutes) + 1 - count) * minutes, count, minutes }
}

/** The series of the answer. Pure. @param minutes what is known of each minute */
export function seriesOf(
  steps: Steps,
  minutes: ReadonlyMap<number, Sample>,
  bounds: readonly number[],
): Omit<DayStatistics, 'at' | 'organizationId' | 'from' | 'stepSeconds'> {
  const all = Array.from({ length: steps.count }, (_, index) => stepAt(steps, index, minutes))
  const at = (place: number): Series => all.map(({ sample }) => sample?.[place] ?? null)
  const each = <Name extends string>(names: readonly Name[], place: number) =>
    seriesBy(names, (_, index) => at(place + index))
  const quantiles = (place: number): QuantileSeries => ({
    p50: all.map(({ sample }) => sample && quantile(bounds, bucketsAt(sample, place), 0.5)).map(orNull),
    p99: all.map(({ sample }) => sample && quantile(bounds, bucketsAt(sample, place), 0.99)).map(orNull),
  })
  return {
    minutes: all.map((step) => step.minutes),
    ...each(GAUGES, PLACES.gauges),
    qos0: each(QOS_0, PLACES.qos0),
    qos1: { ...each(QOS_1, PLACES.qos1), woken: at(PLACES.woken) },
    ended: each(ENDED, PLACES.ended),
    deliveryMs: { qos0: quantiles(PLACES.qos0Ms), qos1: quantiles(PLACES.qos1Ms) },
    expiryLatenessMs: quantiles(PLACES.latenessMs),
  }
}

/** What is known of each minute of all together. Pure. */
export function minutesOf(points: readonly Point[]): Map<number, Sample> {
  const minutes = new Map<number, Sample>()
  for (const { minute, sample } of points) {
    const known = minutes.get(minute)
    minutes.set(minute, known === undefined ? sample : join(known, sample))
  }
  return minutes
}

/**
 * The same of one organization: a minute in which the server ran and nothing is said of it was one in which nothing happened,
 * unless there were too many to tell of each. Pure.
 */
export function minutesOfOne(
  points: readonly Point[],
  all: ReadonlyMap<number, Sample>,
): ReadonlyMap<number, Sample> {
  const minutes = minutesOf(points)
  for (const [minute, sample] of all)
    if (!minutes.has(minute) && sample[PLACES.omitted] === 0)
      minutes.set(
        minute,
        sample.map(() => 0),
      )
  return minutes
}

function stepAt(
  { first, minutes: length }: Steps,
  index: number,
  minutes: ReadonlyMap<number, Sample>,
): Step {
  let known = 0
  let sum: Sample | undefined
  for (let minute = first + index * length; minute < first + (index + 1) * length; minute++) {
    const sample = minutes.get(minute)
    if (sample === undefined) continue
    known++
    sum = sum === undefined ? sample : follow(sum, sample)
  }
  return { minutes: known, sample: sum }
}

function seriesBy<Name extends string>(
  names: readonly Name[],
  of: (name: Name, index: number) => Series,
): Readonly<Record<Name, Series>> {
  return Object.fromEntries(names.map((name, index) => [name, of(name, index)])) as Record<Name, Series>
}

function orNull(value: number | null | undefined): number | null {
  return value ?? null
}
