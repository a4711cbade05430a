import type { Lab, Subject } from '../lab/lab.ts'
import { Metrics } from '../lab/metrics.ts'
import { Probe } from '../lab/probe.ts'
import type { Server } from '../lab/server.ts'
import type { ClosingsResult, ReceiverRequest } from '../load/messages.ts'
import { nowMs, sleep } from '../machine/time.ts'
import { percentile } from '../report/statistics.ts'
import { type Amounts, type Case, type Figures, scaled } from './case.ts'
import { openServer } from './devices.ts'

const REGISTRATIONS = 100_000
const ENDPOINTS_PER_USER = 100
/** Every fiftieth has a link, which tells from outside when it expired. */
const STRIDE = 50
const LINKS = REGISTRATIONS / STRIDE
/** Slowest that a server may register, so that all are there in time; on Redis, which shares a core with the load, half of it. */
const PER_SECOND_MIN = 4_000
const PER_SECOND_MIN_ON_REDIS = 2_000
/** Registered at one time on Redis: more keep the core that it shares so busy that time stands still there, and nobody expires. */
const UNDER_WAY_ON_REDIS = 16
const LINKS_OPEN_IN_MS = 15_000
const WATCHED_BEFORE_MS = 1_000
const WATCHED_AFTER_MS = 8_000
const POLL_MS = 100
const ANSWER_TIMEOUT_MS = 30_000

const EXPIRED = 'rollcall_registrations_ended_total{how="expired"}'
const LATENESS = 'rollcall_expiry_lateness_seconds'
const LAG_MAX = 'nodejs_eventloop_lag_max_seconds'

export const expiry: Case = expiryCase('expiry', 500)

/** @param lateMsMax for 99 of 100, milliseconds */
export function expiryCase(name: string, lateMsMax: number): Case {
  return {
    name,
    title: (many) => `${many(REGISTRATIONS)} registrations that expire in one second`,
    measures: [
      { name: 'expired early', unit: '', target: { atMost: 0 } },
      { name: (many) => `lateness by ${many(LINKS)} links, p50`, unit: 'ms' },
      { name: (many) => `lateness by ${many(LINKS)} links, p99`, unit: 'ms', target: { atMost: lateMsMax } },
      {
        name: (many) => `lateness by ${many(LINKS)} links, max`,
        unit: 'ms',
        target: { atMost: 2 * lateMsMax },
      },
      { name: 'lateness of all by its histogram, p99 at most', unit: 'ms', target: { atMost: lateMsMax } },
      { name: 'longest answer of /health/live', unit: 'ms', target: { atMost: 100 } },
      { name: 'event-loop lag by its own metric, max', unit: 'ms', target: { atMost: 100 } },
    ],
    hasReference: false,
    isLong: false,
    users: (amounts) => Math.ceil(scaled(REGISTRATIONS, amounts) / ENDPOINTS_PER_USER),
    run,
  }
}

async function run(lab: Lab, subject: Subject, amounts: Amounts): Promise<Figures> {
  const count = scaled(REGISTRATIONS, amounts)
  await using opened = await openServer(lab, subject)
  const { server } = opened
  await using receiver = lab.startReceiver()
  const isOnRedis = server.redis !== undefined
  const perSecondMin = isOnRedis ? PER_SECOND_MIN_ON_REDIS : PER_SECOND_MIN
  const expiringAtMs = nowMs() + (count / perSecondMin) * 1000 + LINKS_OPEN_IN_MS
  const { deadlinesMs } = await lab.send(
    server,
    {
      work: { kind: 'register', share: { perUser: ENDPOINTS_PER_USER }, expiringAtMs },
      pace: { kind: 'count', count },
    },
    isOnRedis ? UNDER_WAY_ON_REDIS : undefined,
  )
  const links = scaled(LINKS, amounts)
  await lab.connect(receiver, server, { links, stride: STRIDE, endpointsPerUser: ENDPOINTS_PER_USER })
  const seen = await watch(server, deadlinesMs, expiringAtMs)
  const request: ReceiverRequest = { kind: 'closings' }
  const { closedAtMs } = await receiver.ask<ClosingsResult>(request, ANSWER_TIMEOUT_MS)
  const latenesses = closedAtMs.map((atMs, link) => lateness(atMs, deadlinesMs[link * STRIDE]))
  return figures(
    seen,
    latenesses.sort((a, b) => a - b),
  )
}

/** From the earliest moment that was right: never less than the true lateness. */
function lateness(closedAtMs: number, deadlineMs: number | undefined): number {
  if (closedAtMs < 0 || deadlineMs === undefined)
    throw new Error('a link was not closed when its endpoint expired')
  return closedAtMs - deadlineMs
}

type Seen = {
  readonly early: number
  readonly longestAnswerMs: number
  readonly metrics: Metrics
  readonly lagMaxSeconds: number
}

/** Watches the server from before the first deadline to the last expiry. */
async function watch(server: Server, deadlinesMs: readonly number[], expiringAtMs: number): Promise<Seen> {
  const startsInMs = expiringAtMs - WATCHED_BEFORE_MS - nowMs()
  if (startsInMs < 0) throw new Error('the registrations and links took too long to make')
  await server.during(sleep(startsInMs))
  const sorted = deadlinesMs.toSorted((a, b) => a - b)
  // Reading the lag begins its measurement anew.
  let metrics = await Metrics.read(server)
  let lagMaxSeconds = 0
  let early = 0
  using probe = await Probe.start(server.port)
  while (metrics.value(EXPIRED) < sorted.length) {
    if (nowMs() > expiringAtMs + WATCHED_AFTER_MS)
      throw new Error(`${metrics.value(EXPIRED)} of ${sorted.length} have expired`)
    await server.during(sleep(POLL_MS))
    metrics = await Metrics.read(server)
    lagMaxSeconds = Math.max(lagMaxSeconds, metrics.value(LAG_MAX))
    early = Math.max(early, metrics.value(EXPIRED) - passed(sorted, nowMs()))
  }
  // For the links that are still being closed.
  await sleep(POLL_MS)
  return { early, longestAnswerMs: probe.longestMs(), metrics, lagMaxSeconds }
}

function passed(sortedMs: readonly number[], atMs: number): number {
  const index = sortedMs.findIndex((deadlineMs) => deadlineMs > atMs)
  return index === -1 ? sortedMs.length : index
}

function figures(
  { early, longestAnswerMs, metrics, lagMaxSeconds }: Seen,
  latenesses: readonly number[],
): Figures {
  return [
    Math.max(early, latenesses.filter((ms) => ms < 0).length),
    percentile(latenesses, 50),
    percentile(latenesses, 99),
    percentile(latenesses, 100),
    metrics.quantile(LATENESS, 0.99) * 1000,
    longestAnswerMs,
    lagMaxSeconds * 1000,
  ]
}
