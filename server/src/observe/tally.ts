import type { Statistics as Answer } from '@rollcall/protocol/statistics'

/** Upper bounds of the buckets, milliseconds. The last is for what takes longer than all of them. */
export const BOUNDS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100, 500, 1000, 5000, 15_000, 60_000]

/** An expiry that takes longer is late, milliseconds: the protocol promises a second. */
const LATE_MS = 1000

/** What should not be: mailboxes without room, and expiries that came late. */
export type Troubles = { readonly mailboxFull: number; readonly expiredLate: number }

/** What is counted, as the protocol has it. */
export type Figures = Pick<Answer, 'qos0' | 'qos1' | 'ended' | 'deliveryMs' | 'expiryLatenessMs'>

/** Events, and what became of them, one for each endpoint. */
const NOTHING = {
  /** That a request was answered for. */
  ...{ events: 0, answered: 0 },
  /** Their devices were asked to wake up. */
  woken: 0,
  ...{ sent: 0, queued: 0, not_connected: 0, mailbox_full: 0 },
  ...{ acknowledged: 0, expired: 0, dropped_congested: 0, too_large: 0 },
  /** Given up, but for the two reasons that have names of their own. */
  ...{ discarded: 0, superseded: 0, registration_ended: 0 },
}

/** What became of an event at one endpoint, or, `answered`, at one of them. */
export type EventOutcome = Exclude<keyof typeof NOTHING, 'events'>

/** How a registration ends. `evicted`: it made room for another of its user. */
export type EndOfRegistration = 'expired' | 'unregistered' | 'evicted'

/** How often something took how long. */
export class Times {
  readonly counts: number[] = new Array<number>(BOUNDS_MS.length + 1).fill(0)
  sumMs = 0

  add(elapsedMs: number): void {
    let bucket = 0
    // Most is fast, so that this ends early.
    while (elapsedMs > (BOUNDS_MS[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.sumMs += elapsedMs
  }

  addAll({ counts, sumMs }: Times): void {
    for (const [bucket, count] of counts.entries()) this.counts[bucket] = (this.counts[bucket] ?? 0) + count
    this.sumMs += sumMs
  }
}

/**
 * What one organization has done, or all together: plain numbers, each counted once by whoever sees it happen, which
 * statistics and metrics both show. An event passes here several times, so that nothing is made or looked up.
 */
export class Tally {
  readonly qos0 = { ...NOTHING }
  readonly qos1 = { ...NOTHING }
  readonly ended = { expired: 0, unregistered: 0, evicted: 0 }
  readonly deliveryMs = { qos0: new Times(), qos1: new Times() }
  readonly expiryLatenessMs = new Times()

  /** A request was answered for an event, or one was sent to cancel another. */
  event(qos: 0 | 1): void {
    if (qos === 0) this.qos0.events++
    else this.qos1.events++
  }

  outcome(qos: 0 | 1, outcome: EventOutcome, count = 1): void {
    if (qos === 0) this.qos0[outcome] += count
    else this.qos1[outcome] += count
  }

  /** From acceptance to the socket, or for QoS 1 to the acknowledgement. */
  delivered(qos: 0 | 1, elapsedMs: number): void {
    if (qos === 0) this.deliveryMs.qos0.add(elapsedMs)
    else this.deliveryMs.qos1.add(elapsedMs)
  }

  /** @param lateMs how long after its deadline it expired */
  registrationEnded(how: EndOfRegistration, lateMs?: number): void {
    this.ended[how]++
    if (lateMs !== undefined) this.expiryLatenessMs.add(lateMs)
  }

  addAll({ qos0, qos1, ended, deliveryMs, expiryLatenessMs }: Tally): void {
    addNumbers(this.qos0, qos0)
    addNumbers(this.qos1, qos1)
    addNumbers(this.ended, ended)
    this.deliveryMs.qos0.addAll(deliveryMs.qos0)
    this.deliveryMs.qos1.addAll(deliveryMs.qos1)
    this.expiryLatenessMs.addAll(expiryLatenessMs)
  }

  get troubles(): Troubles {
    const late = this.expiryLatenessMs.counts.filter((_, bucket) => (BOUNDS_MS[bucket - 1] ?? 0) >= LATE_MS)
    return {
      mailboxFull: this.qos1.mailbox_full,
      expiredLate: late.reduce((sum, count) => sum + count, 0),
    }
  }

  /** The numbers as they are now, in arrays and objects of their own. */
  get figures(): Figures {
    const { qos0, qos1, ended, deliveryMs, expiryLatenessMs } = this
    return {
      qos0: {
        events: qos0.events,
        sent: qos0.sent,
        notConnected: qos0.not_connected,
        discarded: qos0.dropped_congested + qos0.too_large + qos0.expired,
        answered: qos0.answered,
      },
      qos1: {
        events: qos1.events,
        copies: qos1.sent + qos1.queued,
        acknowledged: qos1.acknowledged,
        expired: qos1.expired,
        discarded: qos1.discarded + qos1.superseded + qos1.registration_ended,
        registrationEnded: qos1.registration_ended,
        superseded: qos1.superseded,
        mailboxFull: qos1.mailbox_full,
        woken: qos1.woken,
        answered: qos1.answered,
      },
      ended: { expired: ended.expired, unregistered: ended.unregistered + ended.evicted },
      deliveryMs: {
        bounds: BOUNDS_MS,
        qos0: [...deliveryMs.qos0.counts],
        qos1: [...deliveryMs.qos1.counts],
      },
      expiryLatenessMs: { bounds: BOUNDS_MS, counts: [...expiryLatenessMs.counts] },
    }
  }
}

function addNumbers<Name extends string>(
  to: Record<Name, number>,
  from: Readonly<Record<Name, number>>,
): void {
  for (const name in from) to[name] += from[name]
}
