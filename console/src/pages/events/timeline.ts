import type { HistoryEndpoint, HistoryRecord } from '@rollcall/client'
import { isFinal } from '../../outcome/outcome.ts'

/** One step of an event's life at an endpoint, and how long after its acceptance. */
export type Step = {
  readonly text: string
  readonly kind: StepKind
  readonly ms: number
  readonly at: string
}
export type StepKind = 'queued' | 'sent' | 'acknowledged' | 'answered' | 'lost'

/** An event's life at one endpoint. */
export type Lane = {
  readonly endpoint: HistoryEndpoint
  readonly steps: readonly Step[]
  /** Whether something more may follow: its line then goes on to the end of the axis. */
  readonly isOpen: boolean
}

/** The axis that all lanes share. A place on it is between 0, the acceptance, and 1. */
export type Axis = {
  readonly marks: readonly { readonly text: string; readonly place: number }[]
  placeOf(ms: number): number
}

const TIMES = [
  ['queuedAt', 'queued', 'queued'],
  ['wokenAt', 'woken', 'queued'],
  ['notConnectedAt', 'not connected', 'lost'],
  ['sentAt', 'sent', 'sent'],
  ['acknowledgedAt', 'acknowledged', 'acknowledged'],
  ['answeredAt', 'answered', 'answered'],
  ['expiredAt', 'expired', 'lost'],
  ['discardedAt', 'discarded', 'lost'],
] as const

/** Equally far apart, so that a millisecond and a minute are both to be seen. */
const MARKS: readonly (readonly [ms: number, text: string])[] = [
  [0, '0'],
  [1, '1 ms'],
  [10, '10 ms'],
  [100, '100 ms'],
  [1_000, '1 s'],
  [10_000, '10 s'],
  [60_000, '1 min'],
  [600_000, '10 min'],
  [3_600_000, '1 h'],
  [86_400_000, '1 d'],
  [2_592_000_000, '30 d'],
]
/** Fewer would draw what takes no time as wide as the page. */
const INTERVALS_MIN = 3

/** The lanes of an event, one for each endpoint, each with its steps in the order of time. Pure. */
export function lanesOf(record: HistoryRecord): readonly Lane[] {
  const acceptedMs = Date.parse(record.acceptedAt)
  return record.endpoints.map((endpoint) => ({
    endpoint,
    isOpen: !isFinal({ qos: record.qos, endpoints: [endpoint] }),
    steps: TIMES.flatMap(([name, text, kind]): Step[] => {
      const at = endpoint[name]
      if (at === undefined) return []
      // Clocks of a process are set back now and then: nothing happened before it was accepted.
      return [{ text, kind, at, ms: Math.max(0, Date.parse(at) - acceptedMs) }]
    }).toSorted((one, other) => one.ms - other.ms),
  }))
}

/** The shortest axis that has room for every step, and for now where something may follow. Pure. */
export function axisOf(lanes: readonly Lane[], sinceAcceptedMs: number): Axis {
  const longestMs = Math.max(
    0,
    ...lanes.flatMap(({ steps, isOpen }) => [
      ...steps.map(({ ms }) => ms),
      ...(isOpen ? [sinceAcceptedMs] : []),
    ]),
  )
  const reached = MARKS.findIndex(([ms]) => ms >= longestMs)
  const intervals = Math.max(INTERVALS_MIN, reached === -1 ? MARKS.length - 1 : reached)
  const marks = MARKS.slice(0, intervals + 1)
  return {
    marks: marks.map(([, text], index) => ({ text, place: index / intervals })),
    placeOf: (ms) => Math.min(1, intervalsUntil(ms) / intervals),
  }
}

/** How many intervals lie before; linear in the first one, logarithmic in the others. */
function intervalsUntil(ms: number): number {
  const next = MARKS.findIndex(([markMs]) => markMs > ms)
  const [fromMs] = MARKS[next - 1] ?? [0]
  const [toMs] = MARKS[next] ?? [0]
  if (next === -1) return MARKS.length - 1
  if (fromMs === 0) return ms / toMs
  return next - 1 + Math.log(ms / fromMs) / Math.log(toMs / fromMs)
}
