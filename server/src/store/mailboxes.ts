import type { DiscardReason } from '@rollcall/protocol/history'
import type { HistoryDraft } from './history.ts'
import type { LinkHandle } from './link-handle.ts'
import type { Addressee, RegistrationKey } from './registrations.ts'
import type { Claim, Reply } from './replies.ts'

/** An event as it waits in a mailbox. */
export type StoredEvent = {
  readonly eventId: string
  /** The event's bytes, or, where `sealed`, their sealed form. Never changed once handed over. */
  readonly payload: Uint8Array
  readonly sealed: boolean
  readonly acceptedAtWallMs: number
  /** From this time on it must not be delivered any more. Absent: it waits as long as its registration lives. */
  readonly expiresAtWallMs?: number
}

export type MailboxEntry = StoredEvent & {
  /** Position in the mailbox: positive, ascending without reuse within one registration. */
  readonly sequence: number
  /** It is sent on terms, or to be answered: it may be gone when its turn comes, and has to be claimed then. */
  readonly mustBeClaimed?: true
}

export type MailboxBounds = { readonly eventsMax: number; readonly bytesMax: number }

export type AppendRequest = Addressee & {
  readonly event: StoredEvent
  readonly eventsMax: number
  readonly bytesMax: number
  /** Under which claim it is sent: what comes of it is kept in the same durable step, by the claim's token. */
  readonly idempotency?: Claim
  /**
   * Kept in the history in the same durable step, with an endpoint `queued` for each that accepted, and
   * `discarded` for each whose mailbox was full. Not kept when all were full: nothing was accepted.
   */
  readonly record?: HistoryDraft
  /**
   * In each mailbox that takes the event, the unsent entries of the same key make room for it in the same
   * step, noted `discarded`. The key is the caller's to scope.
   */
  readonly collapseKey?: string
  /** What the others get once one endpoint has acknowledged: see `MailboxStore.end`. */
  readonly cancelOthers?: CancelDraft
  /** Kept where somebody takes the event, so that one of them can answer it: see `CallStore`. */
  readonly call?: CallDraft
  /** Asked before anything changes. Default: there is room for everybody. */
  readonly admit?: AdmitWrite
  /**
   * The sender waits for receipts: is to know what had ended when this became durable (`gone`), and of each entry that ends
   * later, at whatever process (`Tiding`).
   */
  readonly isAwaited?: true
}

/**
 * Whether the caller may have this written. What it returns, if anything, is called once that does not wait any more,
 * whatever became of it; what it throws is what the operation rejects with.
 */
export type AdmitWrite = (wanted: WantedWrite) => (() => void) | undefined

export type WantedWrite = {
  /** About. */
  readonly bytes: number
  /** That would take the event if they have room. */
  readonly endpoints: number
  /** What waits to be written of everybody's. */
  readonly waitingBytes: number
}

/** The event that goes to the others, kept with the one that it cancels. */
export type CancelDraft = {
  readonly eventId: string
  readonly payload: Uint8Array
  readonly sealed: boolean
  /** Absent: not recorded. `acceptedAtWallMs` becomes the time of the acknowledgement or the answer. */
  readonly record?: HistoryDraft
}

/** What is kept of an event that was sent to be answered, with its entries in the mailboxes. */
export type CallDraft = {
  /**
   * Who sent it, as `senderScope` names it. A newer event with the same id joins it where the same sender sent it and nobody has answered yet:
   * then all who got either are its endpoints. After an answer it takes its place. Another sender's newer one is
   * none meanwhile.
   */
  readonly senderId: string
  /** Until when it can be answered, wall clock. */
  readonly endsAtWallMs: number
  /** The masks that it was sent with: the answer is masked by them. */
  readonly masks: readonly string[]
  /** What the others get once one endpoint has answered. Absent: nothing. */
  readonly cancelOthers?: CancelDraft
}

/** An entry of a mailbox. */
export type EntryPosition = { readonly registration: RegistrationKey; readonly sequence: number }

/**
 * An entry as whoever was handed it knows it: with its event, so that no other is meant that may have come to its place where
 * the last moments of a store were lost.
 */
export type HeldEntry = EntryPosition & { readonly eventId: string }

/** How an entry leaves its mailbox. */
export type Ending = 'acknowledged' | 'discarded' | 'expired'

/** What came of ending entries. */
export type EndOutcome<Entry extends EntryPosition> = {
  /** Those that were there, as they were named. */
  readonly ended: readonly Entry[]
  /** What the acknowledgements among them set off. */
  readonly cancellations: readonly Cancellation[]
  /** Those that could not be ended now, with which nothing has happened: to be tried again. */
  readonly refused: readonly Entry[]
}

/** `expired`: its time was over, and it has ended by that. `gone`: it had ended, or another link holds the registration. */
export type Claimed = 'in_flight' | 'expired' | 'gone'

/** What an acknowledgement or an answer set off at the user's other endpoints. */
export type Cancellation = {
  readonly organizationId: string
  /** Whose mailboxes took the cancelling event. */
  readonly accepted: readonly RegistrationKey[]
  /** Whose mailboxes were too full even for that. */
  readonly full: readonly RegistrationKey[]
  /** Unsent copies of the event that were removed. */
  readonly discarded: readonly EntryPosition[]
  /** Resolves once everything about it is durable. */
  readonly durable: Promise<void>
}

export type AppendOutcome = {
  /** One for each endpoint whose mailbox took the event. */
  readonly accepted: readonly {
    readonly registration: RegistrationKey
    readonly sequence: number
    /** The newest entry that waited before this one, 0 where none did: whoever sent that may send this next. */
    readonly follows: number
    /** A link of another process holds the registration, which is told. */
    readonly isElsewhere?: true
    /** Its device can be woken. */
    readonly canBeWoken?: true
  }[]
  /** Endpoints whose mailbox was full. */
  readonly full: readonly RegistrationKey[]
  /** Entries that made room for this one by their `collapseKey`. Absent: none. */
  readonly replaced?: readonly EntryPosition[]
  /** Accepted ones that had ended when this became durable, where that was asked. Absent: none. */
  readonly gone?: readonly EntryPosition[]
  /** This was done under the same token before: nothing was added now. */
  readonly repeated?: Reply
}

/**
 * Partition of every operation: the user. A mailbox belongs to a registration (`registrationId`) and goes with
 * it; that of an expired one can be read until the expiry is carried out.
 */
export interface MailboxStore {
  /**
   * Finds the live endpoints and adds the event to the mailbox of each that has room for it, in one step.
   * With an idempotency claim its token is looked up first: `ReplyStore` says what comes of it. What is kept by it is
   * `{eventId, count}`, unless nothing was accepted because of full mailboxes. No live endpoint: both arrays are empty.
   * Durable.
   */
  append(request: AppendRequest): Promise<AppendOutcome>
  /**
   * Hands a link that holds the registration entries after `afterSequence` (0: from the start), in order, at most
   * `entriesMax`, and no more payload than `bytesMax` unless the first alone is larger. Only durable entries. They are in
   * flight from then on, but for those that must be claimed. Empty: there is nothing further, or nothing for this link.
   */
  take(
    registration: RegistrationKey,
    link: LinkHandle,
    afterSequence: number,
    entriesMax: number,
    bytesMax: number,
  ): Promise<readonly MailboxEntry[]>
  /**
   * A link is about to send an entry that must be claimed, and has sent or passed over all before it. Says whether it may:
   * then it is in flight until it ends, or the link no longer holds the registration. What is in flight is neither replaced,
   * nor discarded, nor does it expire.
   */
  claim(entry: HeldEntry, link: LinkHandle): Promise<Claimed>
  /**
   * Entries are over, each as soon as it is named, in their order: they leave their mailboxes; history, feed and calls are
   * told, the history also why they are discarded. Entries that are not there, or are of another event, are ignored. Soon durable.
   *
   * Where one is acknowledged that was appended with `cancelOthers`, and is the first of that event to be, then, in the
   * same atomic step: the others of its entries that are not in flight are removed and noted `discarded`, and the
   * cancelling event is appended to the mailbox of every live endpoint that still had such an entry, with a
   * record of its own. It may take a mailbox up to twice over its bounds. It happens once, and not at all when
   * every entry ended otherwise.
   */
  end<Entry extends HeldEntry>(
    entries: readonly Entry[],
    how: Ending,
    bounds: MailboxBounds,
    reason?: DiscardReason,
  ): Promise<EndOutcome<Entry>>
}
