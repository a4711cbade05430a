import type { LifecycleEventType, LifecycleReason } from '@rollcall/protocol/lifecycle'
import type { EndpointKey, UserKey } from './registrations.ts'

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

export type FeedTotals = {
  readonly entries: number
  readonly bytes: number
  readonly deadLetters: number
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
 * A durable feed of changes for webhooks. The engine itself adds registrations, expiries, unregistrations, links and ends of
 * events, in the same step as the change; sign-ins are noted by calls. Of organizations that nobody
 * watches nothing is kept. Entries that every webhook of their organization is past (`WebhookStore`) are removed. Bounded
 * (`FeedBounds`). Partition: the organization; an engine whose users have partitions of their own leaves an entry in the
 * change's, and moves it from there, once and in the order of each endpoint.
 *
 * Of an endpoint that connects and disconnects too often (`Flapping`), a change that undoes one that nobody has read yet
 * takes that back instead of being added: its last state is told, not every one.
 */
export interface FeedStore {
  /**
   * Says what is kept from now on, in place of what this process has said before: what another says is kept too. A new webhook begins with what happens from now on;
   * one that is not named any more stays where it is until it is forgotten (`WebhookStore.forget`). The first call after
   * an unclean stop also adds a disconnection (`server_restarted`) for each endpoint that was noted as connected. Takes
   * effect at once. Soon durable.
   */
  watch(watches: readonly Watch[]): Promise<void>
  /** So many passwords of the user were tried that its sign-ins are held off. Soon durable. */
  noteSignInLocked(user: UserKey): Promise<void>
  /**
   * Has `listener` called whenever entries were added, for the organization whose they are; now and then without need.
   *
   * @returns ends it
   */
  onAdded(listener: (organizationId: string) => void): () => void
  /** Entries of the organization after `afterSequence`, oldest first, at most `max`. Only durable ones. Zero: none. */
  read(organizationId: string, afterSequence: number, max: number): Promise<readonly FeedEntry[]>
  /** How many entries of these types there are after `afterSequence`. For people. */
  count(
    organizationId: string,
    afterSequence: number,
    types: ReadonlySet<LifecycleEventType>,
  ): Promise<number>
  totals(): Promise<FeedTotals>
}
