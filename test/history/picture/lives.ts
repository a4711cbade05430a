import type { EndpointName, Numbered, UserName } from '../lines.ts'

/** After a start everybody has at least so long: PROTOCOL.md, Expiry. */
const LEAST_AFTER_START_MS = 60_000
/** Of what is late by no more than this nobody says that it was over before an outage began. */
const LATE_MS_MAX = 2000

/** What need not be durable at once is so then. */
const SOON_MS = 1000

/** What can be said from outside about the registration of one endpoint. */
export class Life {
  readonly endpoint: EndpointName
  /** Another number from each moment on in which the registration, and with it the mailbox, may have become another. */
  era = 0
  /** Until when it surely lives, unless somebody ends it. What follows nobody knows. */
  certainUntilMs = Number.NEGATIVE_INFINITY
  /** What says so. */
  certainBy: readonly Numbered[] = []
  /** It may live: a registration was begun, and no end of it is known. */
  mayLive = false
  /** When that was so last, of one of which an end is known. */
  mayHaveLivedMs = Number.NEGATIVE_INFINITY
  /** When it must be over if nothing stands still; infinity while a call is under way that gives it time. */
  latestMs = Number.NEGATIVE_INFINITY
  latestBy: readonly Numbered[] = []
  /** When that was last set: outages from before do not count any more. */
  heardAtMs = Number.NEGATIVE_INFINITY
  /** Its period is one of these. */
  periodMsMin = Number.POSITIVE_INFINITY
  periodMsMax = 0
  /** Calls under way that begin, prolong or end it. */
  registering = 0
  prolonging = 0
  ending = 0
  /** Up to when a call of unknown outcome may still begin, prolong, or end it: also one from before it was begun. */
  mayBeginUntilMs = Number.NEGATIVE_INFINITY
  mayProlongUntilMs = Number.NEGATIVE_INFINITY
  mayEndUntilMs = Number.NEGATIVE_INFINITY
  registeredAtMs = Number.NEGATIVE_INFINITY
  /** The last answer that said that it was ended. */
  endedByLine = 0
  /** Events that may wait in its mailbox. */
  waiting = 0
  lastMs = 0
  #lapsedAtMs = Number.NEGATIVE_INFINITY

  constructor(endpoint: EndpointName) {
    this.endpoint = endpoint
  }

  isCertainAt(ms: number): boolean {
    return ms < this.certainUntilMs
  }

  /** From now on nobody knows whether it lives, or as which registration. */
  doubt(): void {
    this.era++
    this.certainUntilMs = Number.NEGATIVE_INFINITY
  }

  /** It was ended, durably, and nobody was at it who could have begun it anew. */
  over(nowMs: number): void {
    this.doubt()
    if (this.mayLive) this.mayHaveLivedMs = nowMs
    this.mayLive = false
    this.latestMs = Number.NEGATIVE_INFINITY
    this.waiting = 0
  }

  /** It was said to have expired, which survives a fault only later: then its time goes on. */
  lapse(nowMs: number): void {
    const { latestMs } = this
    this.over(nowMs)
    this.latestMs = latestMs
    this.#lapsedAtMs = nowMs
  }

  /** A fault began. */
  mayBeBack(nowMs: number): void {
    if (this.#lapsedAtMs >= nowMs - SOON_MS) this.mayLive = true
  }

  /** When it must be over, however long nobody could be heard. */
  latestWith(outages: readonly { readonly fromMs: number; readonly toMs: number }[]): number {
    if (this.registering + this.prolonging > 0) return Number.POSITIVE_INFINITY
    let latestMs = this.latestMs
    for (const { fromMs, toMs } of outages)
      if (toMs >= this.heardAtMs && fromMs <= latestMs + LATE_MS_MAX)
        latestMs = Math.max(latestMs, toMs + Math.max(this.periodMsMax, LEAST_AFTER_START_MS))
    return latestMs
  }
}

/** All endpoints of whom anybody has spoken, by user. */
export class Lives {
  readonly #byUser = new Map<UserName, Map<EndpointName, Life>>()

  of(endpoint: EndpointName): Life {
    const user = userOf(endpoint)
    const lives = this.#byUser.get(user) ?? new Map<EndpointName, Life>()
    this.#byUser.set(user, lives)
    const life = lives.get(endpoint) ?? new Life(endpoint)
    lives.set(endpoint, life)
    return life
  }

  has(endpoint: EndpointName): boolean {
    return this.#byUser.get(userOf(endpoint))?.has(endpoint) === true
  }

  ofUser(user: UserName): readonly Life[] {
    return [...(this.#byUser.get(user)?.values() ?? [])]
  }

  *all(): Generator<Life> {
    for (const lives of this.#byUser.values()) yield* lives.values()
  }

  forget({ endpoint }: Life): void {
    const user = userOf(endpoint)
    const lives = this.#byUser.get(user)
    lives?.delete(endpoint)
    if (lives?.size === 0) this.#byUser.delete(user)
  }
}

export function userOf(endpoint: EndpointName): UserName {
  return endpoint.slice(0, endpoint.lastIndexOf('/'))
}
