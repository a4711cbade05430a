import type { DayStatistics, Series } from '@rollcall/protocol/statistics'

/** What the charts of the day show of one step; `null`: unknown. What is counted is told for each minute. */
export type DayPoint = {
  readonly atMs: number
  readonly registrations: number | null
  readonly connected: number | null
  readonly mailboxEvents: number | null
  readonly qos0: number | null
  readonly qos1: number | null
  readonly acknowledged: number | null
  readonly expired: number | null
  readonly discarded: number | null
  readonly sent: number | null
  readonly notConnected: number | null
  readonly congested: number | null
  readonly mailboxFull: number | null
  readonly woken: number | null
  readonly registrationsExpired: number | null
  readonly unregistered: number | null
  readonly qos1P50Ms: number | null
  readonly qos1P99Ms: number | null
  readonly qos0P99Ms: number | null
  readonly latenessP99Ms: number | null
}

/** A step of five minutes: more than that no chart can show. */
export const DAY_STEP_SECONDS = 300

/** Pure. */
export function dayPoints(day: DayStatistics): readonly DayPoint[] {
  const { from, stepSeconds, minutes, qos0, qos1, ended, deliveryMs, expiryLatenessMs } = day
  const fromMs = Date.parse(from)
  return minutes.map((known, index): DayPoint => {
    const at = (series: Series): number | null => series[index] ?? null
    const perMinute = (series: Series): number | null => {
      const value = at(series)
      return value === null || known === 0 ? null : value / known
    }
    return {
      atMs: fromMs + index * stepSeconds * 1000,
      registrations: at(day.registrations),
      connected: at(day.connected),
      mailboxEvents: at(day.mailboxEvents),
      qos0: perMinute(qos0.events),
      qos1: perMinute(qos1.events),
      acknowledged: perMinute(qos1.acknowledged),
      expired: perMinute(qos1.expired),
      discarded: perMinute(qos1.discarded),
      sent: perMinute(qos0.sent),
      notConnected: perMinute(qos0.notConnected),
      congested: perMinute(qos0.discarded),
      mailboxFull: perMinute(qos1.mailboxFull),
      woken: perMinute(qos1.woken),
      registrationsExpired: perMinute(ended.expired),
      unregistered: perMinute(ended.unregistered),
      qos1P50Ms: at(deliveryMs.qos1.p50),
      qos1P99Ms: at(deliveryMs.qos1.p99),
      qos0P99Ms: at(deliveryMs.qos0.p99),
      latenessP99Ms: at(expiryLatenessMs.p99),
    }
  })
}

/** Whether nothing is known yet: the server has not run for a minute. */
export function isEmpty({ minutes }: DayStatistics): boolean {
  return minutes.every((known) => known === 0)
}
