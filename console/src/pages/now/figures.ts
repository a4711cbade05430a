import type { Statistics } from '@rollcall/protocol/statistics'
import { count, duration, span } from '../../format.ts'
import { acknowledgedPercent, type History, lately, WINDOW_MS } from './history.ts'
import { type Buckets, quantile, slowest, total } from './quantile.ts'
import { sinceStart, type Tally } from './tally.ts'

/** One figure of the page, as text. */
export type Figure = {
  readonly label: string
  /** The number, or two with what tells them apart. */
  readonly values: readonly { readonly text: string; readonly caption?: string }[]
  /** What it means, and of what. */
  readonly hint: string
}

/** How fast something is, is said over this time. */
const RATE_WINDOW_MS = 5_000
export const UNKNOWN = '–'

/**
 * The figures of an organization. What is counted is told of the last minutes; where nothing was counted in them, of
 * all the time since the server started, which the hint then says.
 */
export function figuresOf(history: History, statistics: Statistics): readonly Figure[] {
  const recent = lately(history.samples, WINDOW_MS)
  const minutes = { tally: recent?.tally, when: `in the last ${roughly(recent?.elapsedMs ?? 0)}` }
  const start = { tally: sinceStart(statistics), when: 'since the server started' }
  const choose = (counted: (tally: Tally) => number) =>
    minutes.tally !== undefined && counted(minutes.tally) > 0
      ? { tally: minutes.tally, when: minutes.when }
      : start
  const copies = choose(({ due, registrationEnded }) => due + registrationEnded)
  const qos1 = choose((tally) => total(tally.qos1Ms))
  const qos0 = choose((tally) => total(tally.qos0Ms))
  const late = choose((tally) => total(tally.latenessMs))
  return [
    registrations(statistics),
    connected(statistics),
    events(history),
    {
      label: 'Waiting in mailboxes',
      values: [{ text: count(statistics.mailboxEvents) }],
      hint: 'QoS 1 copies, not acknowledged yet',
    },
    acknowledged(copies.tally, copies.when),
    latency('Delivery, QoS 1', qos1.tally.qos1Ms, 'until acknowledged', qos1.when),
    latency('Delivery, QoS 0', qos0.tally.qos0Ms, 'until sent', qos0.when),
    lateness(late.tally.latenessMs, late.when),
  ]
}

function registrations({ registrations: value }: Statistics): Figure {
  return {
    label: 'Registrations',
    values: [{ text: count(value) }],
    hint: 'devices that are reachable now',
  }
}

function connected({ connected: value, registrations: of }: Statistics): Figure {
  return {
    label: 'Connected',
    values: [{ text: count(value) }],
    hint: of === 0 ? 'devices with a link' : `${percent((100 * value) / of)} of them have a link`,
  }
}

function events({ samples }: History): Figure {
  const recent = lately(samples, RATE_WINDOW_MS)
  const rate = (which: (tally: Tally) => number): number | undefined =>
    recent === undefined ? undefined : (which(recent.tally) * 1000) / recent.elapsedMs
  return {
    label: 'Events per second',
    values: [{ text: perSecond(rate(({ qos0Events, qos1Events }) => qos0Events + qos1Events)) }],
    hint: `QoS 0: ${perSecond(rate((tally) => tally.qos0Events))}, QoS 1: ${perSecond(rate((tally) => tally.qos1Events))}`,
  }
}

function acknowledged(tally: Tally, when: string): Figure {
  const { due, registrationEnded } = tally
  const gone = many(registrationEnded, 'more was for a device', 'more were for devices')
  const ended =
    due === 0
      ? 'of QoS 1 copies for devices that stayed; none has ended yet'
      : `of ${many(due, 'QoS 1 copy', 'QoS 1 copies')} for devices that stayed, ended ${when}`
  return {
    label: 'Acknowledged',
    values: [{ text: percent(acknowledgedPercent(tally)) }],
    hint: registrationEnded === 0 ? ended : `${ended}; ${gone} that had gone`,
  }
}

function latency(label: string, buckets: Buckets, until: string, when: string): Figure {
  return {
    label,
    values: [
      { text: time(quantile(buckets, 0.5), buckets), caption: 'p50' },
      { text: time(quantile(buckets, 0.99), buckets), caption: 'p99' },
    ],
    hint: total(buckets) === 0 ? `${until}; none yet` : `${until}; ${count(total(buckets))} ${when}`,
  }
}

function lateness(buckets: Buckets, when: string): Figure {
  const most = slowest(buckets)
  return {
    label: 'Expiry lateness',
    values: [
      { text: time(quantile(buckets, 0.99), buckets), caption: 'p99' },
      { text: time(most, buckets, '≤ '), caption: 'slowest' },
    ],
    hint:
      most === undefined
        ? 'after the deadline; none has expired yet'
        : `after the deadline; ${many(total(buckets), 'expiry', 'expiries')} ${when}`,
  }
}

/** Everything but nothing has a bound; what exceeds the last one is told by it. */
function time(ms: number | undefined, { bounds }: Buckets, before = ''): string {
  if (ms === undefined) return UNKNOWN
  return Number.isFinite(ms) ? `${before}${duration(ms)}` : `> ${duration(bounds.at(-1) ?? 0)}`
}

export function perSecond(rate: number | undefined): string {
  if (rate === undefined) return UNKNOWN
  return rate === 0 || rate >= 10 ? count(rate) : rate.toFixed(1)
}

/** 99.97 is not 100: nothing but all is all, and nothing but none is none. */
export function percent(value: number | null): string {
  if (value === null) return UNKNOWN
  if (value > 99.9 && value < 100) return '> 99.9 %'
  if (value < 0.1 && value > 0) return '< 0.1 %'
  return `${Number(value.toFixed(1))} %`
}

/** Whole minutes from one on, so that the hints do not change their length every second. */
function roughly(ms: number): string {
  return span(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000)
}

function many(value: number, one: string, more: string): string {
  return `${count(value)} ${value === 1 ? one : more}`
}
