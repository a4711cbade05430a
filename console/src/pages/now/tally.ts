import type { Statistics } from '@rollcall/protocol/statistics'
import type { Buckets } from './quantile.ts'

/** What was counted over some time, as far as the page makes figures of it. */
export type Tally = {
  readonly qos0Events: number
  readonly qos1Events: number
  /** Copies for an endpoint: taken by it, … */
  readonly acknowledged: number
  /** … and to be taken: it was there until they were over, and nothing had taken their place. */
  readonly due: number
  /** Copies for an endpoint whose registration ended first: nobody was there to take them. */
  readonly registrationEnded: number
  readonly qos0Ms: Buckets
  readonly qos1Ms: Buckets
  readonly latenessMs: Buckets
}

/** Everything since the server started. */
export function sinceStart({ qos0, qos1, deliveryMs, expiryLatenessMs }: Statistics): Tally {
  const { bounds } = deliveryMs
  return {
    qos0Events: qos0.events,
    qos1Events: qos1.events,
    acknowledged: qos1.acknowledged,
    due: qos1.acknowledged + qos1.expired + qos1.discarded - qos1.registrationEnded - qos1.superseded,
    registrationEnded: qos1.registrationEnded,
    qos0Ms: { bounds, counts: deliveryMs.qos0 },
    qos1Ms: { bounds, counts: deliveryMs.qos1 },
    latenessMs: expiryLatenessMs,
  }
}

/** What came between two answers of one run of the server. */
export function between(before: Statistics, after: Statistics): Tally {
  const [first, last] = [sinceStart(before), sinceStart(after)]
  return {
    qos0Events: last.qos0Events - first.qos0Events,
    qos1Events: last.qos1Events - first.qos1Events,
    acknowledged: last.acknowledged - first.acknowledged,
    due: last.due - first.due,
    registrationEnded: last.registrationEnded - first.registrationEnded,
    qos0Ms: minus(last.qos0Ms, first.qos0Ms),
    qos1Ms: minus(last.qos1Ms, first.qos1Ms),
    latenessMs: minus(last.latenessMs, first.latenessMs),
  }
}

/** Whether the server was started anew in between: it says so, or has forgotten what it had counted. */
export function isRestart(before: Statistics, after: Statistics): boolean {
  if (before.since !== after.since) return true
  const [first, last] = [countersOf(before), countersOf(after)]
  return first.length !== last.length || last.some((counter, index) => counter < (first[index] ?? 0))
}

function minus(last: Buckets, first: Buckets): Buckets {
  return {
    bounds: last.bounds,
    counts: last.counts.map((count, index) => count - (first.counts[index] ?? 0)),
  }
}

function countersOf({ qos0, qos1, ended, deliveryMs, expiryLatenessMs }: Statistics): readonly number[] {
  return [
    ...[qos0.events, qos0.sent, qos0.notConnected, qos0.discarded],
    ...[qos1.events, qos1.copies, qos1.acknowledged, qos1.expired],
    ...[qos1.discarded, qos1.registrationEnded, qos1.superseded, qos1.mailboxFull, qos1.woken],
    ...[ended.expired, ended.unregistered],
    ...deliveryMs.qos0,
    ...deliveryMs.qos1,
    ...expiryLatenessMs.counts,
  ]
}
