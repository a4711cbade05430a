import type { DiscardReason } from '@rollcall/protocol/history'
import type { RegistrationKey, UserKey } from './registrations.ts'

/** What became of one event at one endpoint. Later ones replace earlier ones; the last three are final. */
export type Outcome =
  /** QoS 0, and there was no link. Final. */
  | 'not_connected'
  /** QoS 1, durable in the mailbox. */
  | 'queued'
  /** Its device was asked to wake up, and it has not been handed to a socket yet. */
  | 'woken'
  /** Handed to a socket. Final for QoS 0. */
  | 'sent'
  | 'acknowledged'
  /** Its lifetime ended first. */
  | 'expired'
  /** Given up: the endpoint ended, its mailbox was full, or a newer event took its place. */
  | 'discarded'

/** Who sent an event. Whose token it was decides, never the name: a user may be called like a client. */
export type Sender = {
  /** `client`: for itself, as backends do. `service`: with role SERVICE, which belongs to no organization. */
  readonly kind: 'user' | 'client' | 'service'
  /** Its user id, or client id. */
  readonly id: string
}

/** What the history keeps of an accepted event, before it is known what becomes of it. */
export type HistoryDraft = UserKey & {
  readonly eventId: string
  readonly type: string
  readonly qos: 0 | 1
  readonly acceptedAtWallMs: number
  /**
   * Who sent it: the caller's user id or client id, in the recipient's organization. Empty for role SERVICE, which has
   * no organization: whoever bears its name in this one did not send it.
   */
  readonly senderId: string
  /** The same, and what it is. Absent: a former version recorded it, and nobody knows what it was. */
  readonly sentBy?: Sender
  /** The event as JSON, masked: this is what people get to see. */
  readonly event: Uint8Array
  /** When its lifetime ends, wall clock. Absent: it has none. */
  readonly expiresAtWallMs?: number
  /** The masks that it was sent with, empty for none. Absent: a former version recorded it, and nobody knows. */
  readonly masks?: readonly string[]
}

/** What became of a QoS 0 event at one endpoint. */
export type EndpointOutcome = {
  readonly userEndpointId: string
  readonly outcome: Outcome
  readonly reason?: DiscardReason
}

/** An outcome and its wall-clock time. */
export type Noted = {
  readonly outcome: Outcome
  readonly atWallMs: number
  /** Why it was discarded. Absent: it was not, or a former version noted it. */
  readonly reason?: DiscardReason
}

/** One endpoint's part, with each outcome that it went through. */
export type HistoryEndpoint = {
  readonly userEndpointId: string
  readonly outcome: Outcome
  readonly at: readonly Noted[]
}

/** Who was the first to answer, and what it said. */
export type Answered = {
  readonly userEndpointId: string
  readonly atWallMs: number
  /** As JSON, masked. */
  readonly answer?: Uint8Array
}

export type HistoryRecord = HistoryDraft & {
  /** Unique in the store and ascending in the order of acceptance: also the position in a listing. */
  readonly recordId: number
  readonly endpoints: readonly HistoryEndpoint[]
  /** Absent: nobody has answered it. */
  readonly answered?: Answered
}

/** Every member that is given must match. */
export type HistoryQuery = {
  /** Absent: any organization. */
  readonly organizationId?: string
  readonly userId?: string
  /** Only events that this user sent or was sent; not what a client of its name sent. */
  readonly involvedUserId?: string
  /** Only what this one sent. Of records that do not say what their sender was, the name decides. */
  readonly sentBy?: Sender
  /** Only what clients sent, or role SERVICE. */
  readonly isFromBackend?: boolean
  readonly userEndpointId?: string
  readonly type?: string
  /** What became of it at one of its endpoints, as of now. */
  readonly outcome?: Outcome
  /** In the event as it is kept, upper and lower case alike; in lower case. Nothing says where: every record is looked at. */
  readonly text?: string
  /** Acceptance, wall clock: from inclusive, to exclusive. */
  readonly fromWallMs?: number
  readonly toWallMs?: number
}

/**
 * Accepted events and what became of them; `CallStore` adds who answered. Bounded by age, and by size: past that the oldest
 * records go of the organization that has the most, its newest ones never before them. In slices, in the background.
 * Partition: the recipient's user for writes; reads cross partitions. The two that are on the way of every event resolve
 * nothing: they are gathered, and what was not written within a second may be lost with the process.
 */
export interface HistoryStore {
  /**
   * Adds a QoS 0 event whose outcomes are known, each as of its acceptance. Soon durable; while the store cannot write, only
   * so many are kept for later. QoS 1 events come with `MailboxStore.append`.
   */
  add(draft: HistoryDraft, endpoints: readonly EndpointOutcome[]): void
  /**
   * Notes what became of a mailbox entry, as of now, and why it was discarded. The engine itself notes what ends an entry.
   * An entry without a record is ignored, so is an outcome that was noted before, or `woken` of one that was sent, and
   * after a final outcome nothing is noted. Soon durable.
   */
  note(
    entry: { readonly registration: RegistrationKey; readonly sequence: number },
    outcome: Outcome,
    reason?: DiscardReason,
  ): void
  /** The newest record with this event id that matches; with `isFromBackend` perhaps among the newest thousands only. */
  find(eventId: string, query: HistoryQuery): Promise<HistoryRecord | undefined>
  /**
   * Matching records older than `before` (absent: from the newest), newest first, at most `max`. Looks at a
   * bounded number of records a call: `next`, where given, is where to go on, also when nothing was found yet.
   */
  list(
    query: HistoryQuery,
    before: number | undefined,
    max: number,
  ): Promise<{ readonly records: readonly HistoryRecord[]; readonly next: number | undefined }>
  /** What is kept now, bytes, as the engine reckons it against its bound; of one organization where it is named. */
  bytes(organizationId?: string): Promise<number>
}
