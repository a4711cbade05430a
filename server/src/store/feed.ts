import type { DisconnectReason, LifecycleEventType, LifecycleReason } from '@rollcall/protocol/lifecycle'
import type { EndpointKey, Registration, RegistrationKey, UserKey } from './registrations.ts'

/**
 * One thing that happened to an endpoint of a watched organization, to an event on its way there, or to a user: then
 * the endpoint's id is empty.
 */
export type FeedEntry = EndpointKey & {
  /** Positive, ascending in the order of the changes over the whole store, never used again. Has gaps. */
  readonly sequence: number
  readonly type: LifecycleEventType
  readonly reason: LifecycleReason
  readonly atWallMs: number
  /** These three are absent where an endpoint answered that was not registered any more. */
  readonly registeredAtWallMs?: number
  readonly lastKeepAliveAtWallMs?: number
  readonly keepAliveSeconds?: number
  /** With a disconnection: since when it was connected, where that is known. */
  readonly connectedAtWallMs?: number
  /** With receipts. */
  readonly eventId?: string
  /** What was said with an answer, as JSON, masked. */
  readonly answer?: string
  /** With a gap: how many entries it stands for, and when the first of them was made; the last at `atWallMs`. */
  readonly dropped?: number
  readonly fromWallMs?: number
}

/** What is kept of one organization, and for whom. */
export type Watch = {
  readonly organizationId: string
  readonly types: ReadonlySet<LifecycleEventType>
  readonly webhookIds: readonly string[]
}

export type WebhookKey = { readonly organizationId: string; readonly webhookId: string }

/** How far a webhook is. */
export type WebhookPosition = {
  /** Everything up to here is dealt with. */
  readonly doneSequence: number
  /** The batch that was begun after it: its last entry, and when it was first tried. */
  readonly batch: { readonly lastSequence: number; readonly sinceWallMs: number } | undefined
}

/** An entry that could not be delivered to a webhook. */
export type DeadLetter = {
  readonly entry: FeedEntry
  /** Why the last attempt failed, a code. */
  readonly failure: string
  readonly buriedAtWallMs: number
}

export type FeedTotals = {
  readonly entries: number
  readonly bytes: number
  readonly deadLetters: number
  /** Entries and dead letters that were dropped because there were too many, since the store was opened. */
  readonly dropped: number
}

/**
 * How much the feed keeps. Past a bound the oldest go, and are counted as dropped: a `FeedGapEvent` stands in their place,
 * which counts to no bound.
 */
export type FeedBounds = {
  readonly organizationEntriesMax: number
  readonly organizationBytesMax: number
  /** Of all organizations together; those with the most entries lose theirs. */
  readonly entriesMax: number
  readonly deadLettersMax: number
}

/**
 * A durable feed of changes for webhooks, with a position for each webhook. The engine itself adds
 * registrations, expiries and unregistrations, in the same durable step as the change; links and receipts are
 * noted by calls. Of organizations that nobody watches nothing is kept. Entries that every webhook of
 * their organization is past are removed. Bounded (`FeedBounds`). Partition: the organization.
 *
 * Of an endpoint that connects and disconnects too often (`Flapping`), a change that undoes one that nobody has read yet
 * takes that back instead of being added: its last state is told, not every one.
 */
export interface FeedStore {
  /**
   * Says what is kept from now on, in place of what was said before. A new webhook begins with what happens
   * from now on; one that is not named any more loses its position and its dead letters. The first call after
   * an unclean stop also adds a disconnection (`server_restarted`) for each endpoint that was noted as
   * connected. Soon durable.
   */
  watch(watches: readonly Watch[], nowWallMs: number): void
  /** Whether entries of this type are kept. Cheap. */
  isWatched(organizationId: string, type: LifecycleEventType): boolean
  /** The registration got a link. Soon durable. */
  noteConnected(registration: Registration, atWallMs: number): void
  /** The registration lost its link. Soon durable. */
  noteDisconnected(registration: Registration, reason: DisconnectReason, atWallMs: number): void
  /**
   * The lifetime of a mailbox entry is over, and whoever calls is about to remove it; nothing where it is not
   * there. The engine itself tells of what `acknowledge` and `expireDue` end, and of answers. Soon durable.
   */
  noteExpired(registration: RegistrationKey, sequence: number, atWallMs: number): void
  /** So many passwords of the user were tried that its sign-ins are held off. Soon durable. */
  noteSignInLocked(user: UserKey, atWallMs: number): void
  /** Has `listener` called whenever entries were added, in place of an earlier one. */
  onAdded(listener: (organizationId: string) => void): void
  /** Entries of the organization after `afterSequence`, oldest first, at most `max`. Only durable ones. Zero: none. */
  read(organizationId: string, afterSequence: number, max: number): Promise<readonly FeedEntry[]>
  /** Entries of these types after `afterSequence`. Counts; for people. */
  count(organizationId: string, afterSequence: number, types: ReadonlySet<LifecycleEventType>): number
  /** `undefined` for a webhook that is not watched. */
  position(webhook: WebhookKey): WebhookPosition | undefined
  /** Writes down which batch is tried now. Durable. */
  begin(webhook: WebhookKey, batch: NonNullable<WebhookPosition['batch']>): Promise<void>
  /** Everything up to `sequence` is dealt with. Never goes back. Soon durable. */
  advance(webhook: WebhookKey, sequence: number): void
  /** Makes dead letters of these entries and advances past `sequence`, in one step. Durable. */
  bury(webhook: WebhookKey, letters: readonly DeadLetter[], sequence: number): Promise<void>
  /** Dead letters after `afterSequence`, oldest first, at most `max`. Only durable ones. */
  deadLetters(webhook: WebhookKey, afterSequence: number, max: number): Promise<readonly DeadLetter[]>
  /** Sequences of all dead letters of a webhook, oldest first. Cheap. */
  deadLetterSequences(webhook: WebhookKey): readonly number[]
  /** Removes dead letters; unknown ones are ignored. Durable. */
  removeDeadLetters(webhook: WebhookKey, sequences: readonly number[]): Promise<void>
  /** Cheap. */
  totals(): FeedTotals
}
