import type { Statistics as Answer } from '@rollcall/protocol/statistics'

/** Organizations that are counted each for itself; what others do is in the total only. */
export const ORGANIZATIONS_MAX = 10_000

/** Upper bounds of the buckets, milliseconds. The last is for what takes longer than all of them. */
const BOUNDS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100, 500, 1000, 5000, 15_000, 60_000]

/** An expiry that takes longer is late, milliseconds: the protocol promises a second. */
const LATE_MS = 1000

/** What should not be: mailboxes without room, and expiries that came late. */
export type Troubles = { readonly mailboxFull: number; readonly expiredLate: number }

/** What is counted, as the protocol has it. */
export type Figures = Pick<Answer, 'qos0' | 'qos1' | 'ended' | 'deliveryMs' | 'expiryLatenessMs'>

/** How often something took how long. */
class Histogram {
  readonly counts: number[] = new Array<number>(BOUNDS_MS.length + 1).fill(0)

  add(elapsedMs: number): void {
    let bucket = 0
    // Most is fast, so that this ends early.
    while (elapsedMs > (BOUNDS_MS[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
  }

  addAll({ counts }: Histogram): void {
    for (const [bucket, count] of counts.entries()) this.counts[bucket] = (this.counts[bucket] ?? 0) + count
  }
}

/**
 * What one organization has done, or all together: plain numbers that whoever sees something happen counts up. An
 * event passes here several times, so that nothing is made or looked up.
 */
export class Tally {
  readonly qos0 = { events: 0, sent: 0, notConnected: 0, discarded: 0, answered: 0 }
  readonly qos1 = {
    ...{ events: 0, copies: 0, acknowledged: 0, expired: 0 },
    ...{ discarded: 0, registrationEnded: 0, superseded: 0, mailboxFull: 0, answered: 0 },
  }
  readonly ended = { expired: 0, unregistered: 0 }
  readonly deliveryMs = { qos0: new Histogram(), qos1: new Histogram() }
  readonly expiryLatenessMs = new Histogram()

  addAll({ qos0, qos1, ended, deliveryMs, expiryLatenessMs }: Tally): void {
    this.qos0.events += qos0.events
    this.qos0.sent += qos0.sent
    this.qos0.notConnected += qos0.notConnected
    this.qos0.discarded += qos0.discarded
    this.qos0.answered += qos0.answered
    this.qos1.events += qos1.events
    this.qos1.copies += qos1.copies
    this.qos1.acknowledged += qos1.acknowledged
    this.qos1.expired += qos1.expired
    this.qos1.discarded += qos1.discarded
    this.qos1.registrationEnded += qos1.registrationEnded
    this.qos1.superseded += qos1.superseded
    this.qos1.mailboxFull += qos1.mailboxFull
    this.qos1.answered += qos1.answered
    this.ended.expired += ended.expired
    this.ended.unregistered += ended.unregistered
    this.deliveryMs.qos0.addAll(deliveryMs.qos0)
    this.deliveryMs.qos1.addAll(deliveryMs.qos1)
    this.expiryLatenessMs.addAll(expiryLatenessMs)
  }

  get troubles(): Troubles {
    const late = this.expiryLatenessMs.counts.filter((_, bucket) => (BOUNDS_MS[bucket - 1] ?? 0) >= LATE_MS)
    return {
      mailboxFull: this.qos1.mailboxFull,
      expiredLate: late.reduce((sum, count) => sum + count, 0),
    }
  }

  /** The numbers as they are now, in arrays and objects of their own. */
  get figures(): Figures {
    const { qos0, qos1, ended, deliveryMs, expiryLatenessMs } = this
    return {
      qos0: { ...qos0 },
      qos1: { ...qos1 },
      ended: { ...ended },
      deliveryMs: {
        bounds: BOUNDS_MS,
        qos0: [...deliveryMs.qos0.counts],
        qos1: [...deliveryMs.qos1.counts],
      },
      expiryLatenessMs: { bounds: BOUNDS_MS, counts: [...expiryLatenessMs.counts] },
    }
  }
}

/** The tallies of all organizations since the server started. In memory: a restart begins anew. */
export class Statistics {
  /** Wall clock. */
  readonly sinceWallMs: number
  readonly #organizationsMax: number
  readonly #tallies = new Map<string, Tally>()
  /** Of everybody who found the map full. */
  readonly #others = new Tally()

  constructor(sinceWallMs: number, organizationsMax = ORGANIZATIONS_MAX) {
    this.sinceWallMs = sinceWallMs
    this.#organizationsMax = organizationsMax
  }

  /** The tally to count an organization's doings on. Cheap; ask once for each event. */
  of(organizationId: string): Tally {
    return this.#tallies.get(organizationId) ?? this.#begin(organizationId)
  }

  /** The organizations that are counted each for itself. */
  ids(): Iterable<string> {
    return this.#tallies.keys()
  }

  /** What was counted of an organization, all zero for one that is unknown or not counted for itself; `null`: the total. */
  read(organizationId: string | null): Figures {
    if (organizationId !== null) return (this.#tallies.get(organizationId) ?? new Tally()).figures
    const total = new Tally()
    for (const tally of this.#tallies.values()) total.addAll(tally)
    total.addAll(this.#others)
    return total.figures
  }

  /** What went wrong since the server started; `null`: in all. */
  troubles(organizationId: string | null): Troubles {
    if (organizationId !== null) return (this.#tallies.get(organizationId) ?? new Tally()).troubles
    const all = [...this.#tallies.values(), this.#others].map(({ troubles }) => troubles)
    return {
      mailboxFull: all.reduce((sum, { mailboxFull }) => sum + mailboxFull, 0),
      expiredLate: all.reduce((sum, { expiredLate }) => sum + expiredLate, 0),
    }
  }

  /** The same of everybody of whom there is something to say, and in all. */
  allTroubles(): ReadonlyMap<string | null, Troubles> {
    const own = [...this.#tallies].map(([id, tally]) => [id, tally.troubles] as const)
    const some = own.filter(([, { mailboxFull, expiredLate }]) => mailboxFull + expiredLate > 0)
    return new Map<string | null, Troubles>([...some, [null, this.troubles(null)]])
  }

  #begin(organizationId: string): Tally {
    // Ids come from outside: foreign issuers and role SERVICE name what they like.
    if (this.#tallies.size >= this.#organizationsMax) return this.#others
    const tally = new Tally()
    this.#tallies.set(organizationId, tally)
    return tally
  }
}
