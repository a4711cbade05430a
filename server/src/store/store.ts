import type { ServiceTime } from '../clock/clock.ts'
import type { AuditStore } from './audit.ts'
import type { CallStore } from './calls.ts'
import type { ChartStore } from './charts.ts'
import type { DeadLetterStore } from './dead-letters.ts'
import type { DirectoryStore } from './directory.ts'
import type { ErasureStore } from './erasure.ts'
import type { FeedStore } from './feed.ts'
import type { StoreGauges } from './gauges.ts'
import type { HistoryStore } from './history.ts'
import type { LastSeenStore } from './last-seen.ts'
import type { LinkStore } from './links.ts'
import type { MailboxStore } from './mailboxes.ts'
import type { NeighbourStore } from './neighbours.ts'
import type { RefreshFamilyStore } from './refresh-families.ts'
import type { RegistrationStore } from './registrations.ts'
import type { ReplyStore } from './replies.ts'
import type { RevokedToken, SharedList, SigningKey, UserRevocation } from './shared-list.ts'
import type { Swept } from './sweep.ts'
import type { StoreTotals } from './totals.ts'
import type { UserStore } from './users.ts'
import type { WebhookStore } from './webhooks.ts'

export type { AuditEntry, AuditStore, KeptAuditEntry } from './audit.ts'
export { feedBounds, HISTORY_BOUNDS } from './bounds.ts'
export type { AnswerOutcome, AnswerRequest, Call, CallStore } from './calls.ts'
export type { ChartRow, ChartStore } from './charts.ts'
export type { DeadLetter, DeadLetterStore } from './dead-letters.ts'
export type {
  DirectoryChange,
  DirectoryContent,
  DirectoryEntry,
  DirectoryStep,
  DirectoryStore,
} from './directory.ts'
export type { Erased, ErasureStore } from './erasure.ts'
export type { FeedBounds, FeedEntry, FeedStore, Watch } from './feed.ts'
export type { StoreGauges } from './gauges.ts'
export type {
  Answered,
  EndpointOutcome,
  HistoryDraft,
  HistoryEndpoint,
  HistoryQuery,
  HistoryRecord,
  HistoryStore,
  Noted,
  Outcome,
  Sender,
} from './history.ts'
export type { LastSeenStore } from './last-seen.ts'
export type { LinkHandle, LinkName, LinkPeer } from './link-handle.ts'
export type { LinkStore } from './links.ts'
export type {
  AdmitWrite,
  AppendOutcome,
  AppendRequest,
  CallDraft,
  CancelDraft,
  Cancellation,
  Claimed,
  Ending,
  EndOutcome,
  EntryPosition,
  HeldEntry,
  MailboxBounds,
  MailboxEntry,
  MailboxStore,
  StoredEvent,
  WantedWrite,
} from './mailboxes.ts'
export { exportStore, importStore, type MovePlace, type MoveReport, type MoveSource } from './move/move.ts'
export { readStream } from './move/stream-reader.ts'
export type { HeldLink, NeighbourStore, OnTiding, Tiding } from './neighbours.ts'
export type { RedisHealth } from './redis-health.ts'
export type {
  RefreshFamily,
  RefreshFamilyStore,
  RotateOutcome,
  Rotation,
  Successor,
} from './refresh-families.ts'
export {
  type Addressee,
  type EndpointKey,
  type RegisterOutcome,
  type RegisterRequest,
  type Registration,
  type RegistrationKey,
  type RegistrationStore,
  type Sighting,
  toKey,
  type UserKey,
} from './registrations.ts'
export type { Claim, ClaimOutcome, IdempotencyKey, Reply, ReplyStore } from './replies.ts'
export { senderScope } from './sender-scope.ts'
export type { ListChange, RevokedToken, SharedList, SigningKey, UserRevocation } from './shared-list.ts'
export { type Holding, isOverShare, SHARE_PERCENTS, type SharePercents, Shares } from './shares.ts'
export type { Swept } from './sweep.ts'
export type { StoreTotals } from './totals.ts'
export type { KnownUser, Range, UserStore } from './users.ts'
export type {
  WebhookBatch,
  WebhookKey,
  WebhookLease,
  WebhookPosition,
  WebhookStore,
} from './webhooks.ts'

/**
 * What Rollcall keeps, as small ports. Every engine passes `contract.ts`.
 *
 * Guarantees common to all operations:
 * - Each is atomic and touches one partition, named in its comment: (organization, user) for registrations
 *   and mailboxes, so that an engine can make it one script on one partition. The engine keeps the time.
 * - Operations on one partition take effect in the order of their calls.
 * - An operation that says "durable" resolves only once its effect survives a power cut. One that says
 *   "soon durable" takes effect at once and survives at most 1 s later.
 * - An operation that cannot be made durable rejects with `RollcallError('unavailable')`; whether it took
 *   effect is then unknown to the caller, as after a lost connection, but never half.
 * - Deadlines of registrations are kept on service time (`clock/service-time.ts`), and who lives is judged by what was heard
 *   so far; names ending in `WallMs` are wall-clock time.
 * - Replies, the history, refresh families, revocations and who was last seen are forgotten by the wall clock's earliest
 *   time, `ServiceTime.wall`.
 * - The engine keeps service time: it stands while the process does and while operations are refused, and when it goes
 *   on, everybody who lived has a full period from then; after a start not less than a minute.
 */
export interface Store {
  readonly registrations: RegistrationStore
  readonly links: LinkStore
  /** Absent: no other process ever has this store. */
  readonly neighbours?: NeighbourStore
  readonly mailboxes: MailboxStore
  readonly calls: CallStore
  readonly replies: ReplyStore
  readonly history: HistoryStore
  readonly feed: FeedStore
  readonly webhooks: WebhookStore
  readonly deadLetters: DeadLetterStore
  readonly refreshFamilies: RefreshFamilyStore
  /** Small: read whole at start. Bounded by its user, `auth`; at twice that bound adding is refused. */
  readonly revokedTokens: SharedList<RevokedToken>
  readonly revokedUsers: SharedList<UserRevocation>
  readonly lastSeen: LastSeenStore
  readonly users: UserStore
  readonly erasure: ErasureStore
  readonly signingKeys: SharedList<SigningKey>
  readonly directory: DirectoryStore
  readonly audit: AuditStore
  readonly charts: ChartStore
  /** The time on which deadlines are kept; passes only while this store is open, the process runs, and writing works. */
  readonly serviceTime: ServiceTime
  /**
   * Looks at no more than `max` registrations that are due, and as many entries whose lifetime is over, earliest first as far
   * as cheap, and carries out what is due in the same step, each on its own partition: past its deadline a registration
   * ends with its mailbox, before it it is marked reminded (`lifecycle.ts`); an entry ends `expired`, but for those in
   * flight, which are looked at again some seconds later. Nothing is told twice, whoever else sweeps meanwhile, and no
   * keepalive is overtaken. Soon durable.
   */
  sweep(max: number): Promise<Swept>
  /** Why writes fail now, or `undefined` while they succeed. Cheap. */
  failure(): string | undefined
  /** What else is wrong with it now. Cheap. Empty: nothing. */
  warnings(): readonly StoreWarning[]
  /** In all, or in one organization. For people and metrics: what it costs grows with no number of endpoints. */
  totals(organizationId?: string): Promise<StoreTotals>
  readonly gauges: StoreGauges
  /**
   * Whoever hands over many operations holds meanwhile, and calls what is returned at the end: an engine that
   * commits operations in groups takes them into one, if they come within some turns of the event loop.
   */
  hold(): () => void
  /** Makes everything durable and closes. Idempotent. Operations called later reject. */
  close(): Promise<void>
}

/**
 * - `store_damaged`: something that was read is not what was written. Whoever asks for it is refused as `unavailable`, and
 *   it is not delivered; everything else goes on.
 * - `disk_low`: the disk is nearly full.
 * - `disk_full`: new events are refused as `unavailable`; what is left serves to acknowledge, to delete, and to keep alive.
 * - `store_partly_away`: what concerns some users is refused as `unavailable`; everybody else notices nothing.
 */
export type StoreWarning = 'store_damaged' | 'disk_low' | 'disk_full' | 'store_partly_away'

/**
 * Told by the engine when a registration ends, however that is, with how many entries its mailbox still had: they
 * are gone, and noted `discarded`. Not called for an empty one.
 */
export type OnMailboxEnded = (organizationId: string, entries: number) => void
