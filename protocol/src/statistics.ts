/**
 * What `GET /rtc-api/statistics` answers: how an organization is doing. `registrations`, `connected`,
 * `mailboxEvents` and `mailboxBytes` are as of `at`; everything else counts from `since`, so that a reader takes differences. A
 * counter that went down, another `since` or other `nodes`: a server was started anew in between, or was not heard of.
 */
export type Statistics = {
  /** ISO-8601 instant of the answer. */
  readonly at: string
  /** ISO-8601 instant from which on is counted: when the server started, of several processes the last of them. */
  readonly since: string
  /** `null`: all organizations together. */
  readonly organizationId: string | null
  /** Live registrations. */
  readonly registrations: number
  /** Those of them that have a link. */
  readonly connected: number
  /** QoS 1 events that wait for their acknowledgement; one that waits for two endpoints is two. */
  readonly mailboxEvents: number
  /** What those take on disk, about; what several endpoints share is counted once. */
  readonly mailboxBytes: number
  readonly qos0: QosZeroCounts
  readonly qos1: QosOneCounts
  /** Registrations that ended. */
  readonly ended: EndedCounts
  /** From acceptance to the socket (`qos0`), or to the acknowledgement (`qos1`). */
  readonly deliveryMs: Bounded & { readonly qos0: readonly number[]; readonly qos1: readonly number[] }
  /** Between a registration's deadline and its expiry. */
  readonly expiryLatenessMs: Bounded & { readonly counts: readonly number[] }
  /** What it holds of what everybody shares, as of `at`; by name. `undefined`: the server is older than that. */
  readonly shares?: SharesHeld
  /** Of which processes of the service these figures are. `undefined`: the server is older than that, and is one. */
  readonly nodes?: NodesCounted
}

export type NodesCounted = {
  /** Whose figures are added up here. */
  readonly answered: number
  /** Which did not answer in time: theirs are missing. */
  readonly silent: readonly string[]
}

/** Names are `links`, `waiters`, `bulkBytes`, `answerBytes`, `unfinishedBytes`, `writeBytes`, `historyBytes`; there may come more. */
export type SharesHeld = Readonly<Record<string, ShareHeld>>

export type ShareHeld = {
  /** Held now. */
  readonly used: number
  /** The most that it may hold now, as long as others hold what they do; of all together, as much as there is. */
  readonly max: number
}

/** Best-effort events. All but `events` count endpoints. */
export type QosZeroCounts = {
  /** Accepted, those for nobody included. */
  readonly events: number
  /** Handed to a link. */
  readonly sent: number
  /** Lost: the endpoint had no link. */
  readonly notConnected: number
  /** Lost: the link was congested, the event larger than its client takes, or its lifetime over. */
  readonly discarded: number
  /** Answered by a person: one for each event, however many endpoints got it. */
  readonly answered: number
}

/** At-least-once events. All but `events` count endpoints. */
export type QosOneCounts = {
  /** Accepted, those for nobody and the cancelling ones of `cancelOthers` included. */
  readonly events: number
  /** Mailboxes that took one. Each becomes one of the next three or still waits, and so does what waited before `since`. */
  readonly copies: number
  readonly acknowledged: number
  /** Its lifetime ended first. */
  readonly expired: number
  /** Given up: one of the next two, or larger than the client takes. */
  readonly discarded: number
  /** Of `discarded`: its registration ended first, so that nobody was there any more. */
  readonly registrationEnded: number
  /** Of `discarded`: nobody needs it any more, since a newer event took its place or another endpoint was first. */
  readonly superseded: number
  /** Mailboxes that had no room for one: no copies. */
  readonly mailboxFull: number
  /** Copies whose device was asked to wake up. */
  readonly woken: number
  /** Answered by a person: one for each event, however many endpoints got it. */
  readonly answered: number
}

export type EndedCounts = {
  /** No keepalive came in time. */
  readonly expired: number
  /** By the device itself, a kick, or a revocation. */
  readonly unregistered: number
}

/** A value for each step, oldest first; `null`: nothing is known of it. */
export type Series = readonly (number | null)[]

type SeriesOf<Counts> = { readonly [Name in keyof Counts]: Series }

/** Times that half of what was counted in a step did not exceed, and 99 of 100; milliseconds, within a bucket. */
export type QuantileSeries = { readonly p50: Series; readonly p99: Series }

/**
 * What `GET /rtc-api/statistics/day` answers: the last 24 hours in steps, kept by the server over restarts. Counts are those of
 * each step by itself, the newest of which may not be over.
 */
export type DayStatistics = {
  /** ISO-8601 instant of the answer. */
  readonly at: string
  /** `null`: all organizations together. */
  readonly organizationId: string | null
  /** ISO-8601 instant at which the first step begins. */
  readonly from: string
  readonly stepSeconds: number
  /** How many minutes of each step are known: fewer where the server did not run, and where the step is not over. */
  readonly minutes: readonly number[]
  /** These three as of the last minute of the step that is known. */
  readonly registrations: Series
  readonly connected: Series
  readonly mailboxEvents: Series
  readonly qos0: SeriesOf<QosZeroCounts>
  readonly qos1: SeriesOf<QosOneCounts>
  readonly ended: SeriesOf<EndedCounts>
  readonly deliveryMs: { readonly qos0: QuantileSeries; readonly qos1: QuantileSeries }
  readonly expiryLatenessMs: QuantileSeries
}

/**
 * `bounds` are milliseconds, ascending. Next to them are counts, one more than bounds: the n-th is of what took
 * longer than the bound before and at most the n-th; the last is of what took longer than all bounds. Go by the
 * `bounds` of the answer.
 */
type Bounded = { readonly bounds: readonly number[] }
