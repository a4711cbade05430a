import type { Statistics } from '@rollcall/protocol/statistics'
import { type Buckets, quantile, slowest } from './quantile.ts'
import { between, isRestart, type Tally } from './tally.ts'

/** One answer of the server, and when it gave it. */
export type Sample = { readonly atMs: number; readonly statistics: Statistics }

/** What the charts show of one moment; `null`: unknown, or there was nothing to measure. Latencies in milliseconds. */
export type Point = {
  readonly atMs: number
  readonly registrations: number | null
  readonly connected: number | null
  readonly qos0PerSecond: number | null
  readonly qos1PerSecond: number | null
  readonly acknowledgedPercent: number | null
  readonly qos0P99Ms: number | null
  readonly qos1P50Ms: number | null
  readonly qos1P99Ms: number | null
  readonly latenessP99Ms: number | null
  readonly latenessMaxMs: number | null
}

/** The last minutes as far as this page has seen them. */
export type History = {
  /** Of the server's present run only, ascending in time: their counters may be compared. */
  readonly samples: readonly Sample[]
  /** Over restarts, ascending in time, with a moment of nothing known in every gap. */
  readonly points: readonly Point[]
}

export const EMPTY: History = { samples: [], points: [] }

/** How far back the page looks, and how much it keeps: one sample a second. */
export const WINDOW_MS = 300_000
const KEPT_MAX = 300
/** Nothing known for longer than this is a gap: the page was hidden, or the server away. */
const GAP_MS = 5_000
/** Single events make a line only where a moment looks back a little. */
const LATENCY_WINDOW_MS = 10_000
const OUTCOME_WINDOW_MS = 60_000

const NOTHING: Omit<Point, 'atMs'> = {
  registrations: null,
  connected: null,
  qos0PerSecond: null,
  qos1PerSecond: null,
  acknowledgedPercent: null,
  qos0P99Ms: null,
  qos1P50Ms: null,
  qos1P99Ms: null,
  latenessP99Ms: null,
  latenessMaxMs: null,
}

/** Adds an answer. One that is older than the last: somebody has set the server's clock back, and all begins anew. */
export function add(history: History, statistics: Statistics): History {
  const sample = { atMs: Date.parse(statistics.at), statistics }
  const last = history.samples.at(-1)
  if (last === undefined) return { samples: [sample], points: [pointOf([sample], sample)] }
  if (sample.atMs === last.atMs) return history
  if (sample.atMs < last.atMs) return add(EMPTY, statistics)
  const isNewRun = isRestart(last.statistics, statistics)
  const samples = [...(isNewRun ? [] : history.samples), sample].slice(-KEPT_MAX)
  const isGap = isNewRun || sample.atMs - last.atMs > GAP_MS
  const gap = isGap ? [{ atMs: (last.atMs + sample.atMs) / 2, ...NOTHING }] : []
  return { samples, points: [...history.points, ...gap, pointOf(samples, sample)].slice(-KEPT_MAX) }
}

/** What was counted in the last `windowMs` up to a sample, and in how many milliseconds; as far as it is known. */
export function lately(
  samples: readonly Sample[],
  windowMs: number,
): { readonly tally: Tally; readonly elapsedMs: number } | undefined {
  const last = samples.at(-1)
  if (last === undefined || samples.length < 2) return undefined
  const first = samples.findLast(({ atMs }) => atMs <= last.atMs - windowMs) ?? samples[0] ?? last
  return { tally: between(first.statistics, last.statistics), elapsedMs: last.atMs - first.atMs }
}

function perSecond(count: number, elapsedMs: number): number {
  return (count * 1000) / elapsedMs
}

/**
 * Of the copies that somebody could have acknowledged and whose wait is over; `null` where there is none. A tab that was
 * closed without a word is no failure of delivery, and neither is what another device has answered.
 */
export function acknowledgedPercent({ acknowledged, due }: Tally): number | null {
  return due === 0 ? null : (100 * acknowledged) / due
}

function pointOf(samples: readonly Sample[], { atMs, statistics }: Sample): Point {
  const moment = lately(samples.slice(-2), WINDOW_MS)
  const fast = lately(samples, LATENCY_WINDOW_MS)?.tally
  const slow = lately(samples, OUTCOME_WINDOW_MS)?.tally
  return {
    atMs,
    registrations: statistics.registrations,
    connected: statistics.connected,
    qos0PerSecond: moment === undefined ? null : perSecond(moment.tally.qos0Events, moment.elapsedMs),
    qos1PerSecond: moment === undefined ? null : perSecond(moment.tally.qos1Events, moment.elapsedMs),
    acknowledgedPercent: slow === undefined ? null : acknowledgedPercent(slow),
    qos0P99Ms: drawn(fast?.qos0Ms, (buckets) => quantile(buckets, 0.99)),
    qos1P50Ms: drawn(fast?.qos1Ms, (buckets) => quantile(buckets, 0.5)),
    qos1P99Ms: drawn(fast?.qos1Ms, (buckets) => quantile(buckets, 0.99)),
    latenessP99Ms: drawn(slow?.latenessMs, (buckets) => quantile(buckets, 0.99)),
    latenessMaxMs: drawn(slow?.latenessMs, slowest),
  }
}

/** A latency for a chart, which cannot show more than the last bound. */
function drawn(
  buckets: Buckets | undefined,
  figure: (buckets: Buckets) => number | undefined,
): number | null {
  const ms = buckets === undefined ? undefined : figure(buckets)
  return ms === undefined ? null : Math.min(ms, buckets?.bounds.at(-1) ?? ms)
}
