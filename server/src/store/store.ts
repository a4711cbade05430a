import type { UnregisterReason } from '@rollcall/protocol/lifecycle'
import type { ServiceTime } from '../clock/clock.ts'
import type { Answered, CallDraft, CallStore } from './calls.ts'
import type { FeedStore } from './feed.ts'

export { feedBounds } from './bounds.ts'
export type { Answered, AnswerOutcome, AnswerRequest, Call, CallDraft, CallStore } from './calls.ts'
export { dueAtMs } from './due.ts'
export type {
  DeadLetter,
  FeedBounds,
  FeedEntry,
  FeedStore,
  Watch,
  WebhookKey,
  WebhookPosition,
} from './feed.ts'
export { type Holding, isOverShare, SHARE_PERCENTS, type SharePercents, Shares } from './shares.ts'

/**
 * What Rollcall keeps, as small ports. Every engine passes `contract.ts`.
 *
 * Guarantees common to all operations:
 * - Each is atomic and touches one partition, named in its comment: (organization, user) for registrations
 *   and mailboxes, so that an engine can make it one script on one partition. Time is handed in, never read.
 * - Operations on one partition take effect in the order of their calls.
 * - An operation that says "durable" resolves only once its effect survives a power cut. One that says
 *   "soon durable" takes effect at once and survives at most 1 s later.
 * - An operation that cannot be made durable rejects with `RollcallError('unavailable')`; whether it took
 *   effect is then unknown to the caller, as after a lost connection, but never half.
 * - `nowMs` is service time (`clock/service-time.ts`); names ending in `WallMs` are wall-clock time. What only judges
 *   who lives is handed `ServiceTime.heardMs`.
 * - Answers, the history, refresh families, revocations and who was last seen are forgotten by the wall clock's earliest
 *   time, `ServiceTime.wall`, and those who ask for them hand that in.
 * - The engine keeps service time: it stands while the process does and while operations are refused, and when it goes
 *   on, everybody who lived has a full period from then; after a start not less than a minute.
 */
export interface Store {
  readonly registrations: RegistrationStore
  readonly mailboxes: MailboxStore
  readonly calls: CallStore
  readonly answers: AnswerStore
  readonly history: HistoryStore
  readonly feed: FeedStore
  readonly refreshFamilies: RefreshFamilyStore
  readonly revokedTokens: RevokedTokenStore
  readonly revokedUsers: RevokedUserStore
  readonly lastSeen: LastSeenStore
  readonly signingKeys: SigningKeyStore
  /** The time on which deadlines are kept; passes only while this store is open, the process runs, and writing works. */
  readonly serviceTime: ServiceTime
  /** Why writes fail now, or `undefined` while they succeed. Cheap. */
  failure(): string | undefined
  /** What else is wrong with it now. Cheap. Empty: nothing. */
  warnings(): readonly StoreWarning[]
  /**
   * Totals for metrics and statistics, of one organization where it is named. Cheap: kept, not counted. Registrations
   * whose time has passed but that were not swept yet are included.
   */
  totals(organizationId?: string): StoreTotals
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
 */
export type StoreWarning = 'store_damaged' | 'disk_low' | 'disk_full'

export type StoreTotals = {
  readonly registrations: number
  readonly mailboxEvents: number
  readonly mailboxBytes: number
}

/**
 * Told by the engine when a registration ends, however that is, with how many entries its mailbox still had: they
 * are gone, and noted `discarded`. Not called for an empty one.
 */
export type OnMailboxEnded = (organizationId: string, entries: number) => void

export type UserKey = { readonly organizationId: string; readonly userId: string }
export type EndpointKey = UserKey & { readonly userEndpointId: string }

/** An endpoint's claim to be reachable until `expiresAtMs` (RFC 3261's binding). */
export type Registration = EndpointKey & {
  /**
   * Tells this registration from an earlier one of the same endpoint: a positive integer, unique within the
   * store and never used again. A refresh keeps it; after expiry or unregister a new register makes another.
   */
  readonly registrationId: number
  readonly keepAliveSeconds: number
  readonly serverKeepAliveReminderOn: boolean
  /** Wall-clock times, for people. */
  readonly registeredAtWallMs: number
  readonly lastKeepAliveAtWallMs: number
  /** Service time. The registration is live while `nowMs < expiresAtMs`. */
  readonly expiresAtMs: number
  /** Whether this period's reminder was sent. */
  readonly reminded: boolean
  /** Latest `exp` among the tokens that registered or renewed it; wall-clock time. */
  readonly authorizedUntilWallMs: number
}

/** One moment on both clocks, read once per operation. */
export type Moment = {
  /** Service time: deadlines are counted from it. */
  readonly nowMs: number
  /** Service time by which it is judged who lives, at most `nowMs`: see `ServiceTime.heardMs`. Default: `nowMs`. */
  readonly heardMs?: number
  readonly nowWallMs: number
}

export type RegisterRequest = EndpointKey & {
  readonly keepAliveSeconds: number
  readonly serverKeepAliveReminderOn: boolean
  readonly authorizedUntilWallMs: number
  /**
   * Where the user has as many endpoints as it may, those for which this is false make room, the longest silent
   * first. Absent: none does.
   */
  readonly isLinked?: IsLinked
}

/** Whether a registration has a live link. */
export type IsLinked = (registrationId: number) => boolean

export type RegisterOutcome =
  | {
      readonly kind: 'registered'
      readonly registration: Registration
      readonly refreshed: boolean
      /** Those that ended to make room for this one. Absent: none. */
      readonly madeRoom?: readonly Registration[]
    }
  | { readonly kind: 'too_many_endpoints' }

/** Partition of every operation but `claimDue`: the user. Expired registrations are invisible to every read. */
export interface RegistrationStore {
  /**
   * Creates a registration, or refreshes the live one of the same endpoint (same `registrationId` and
   * mailbox; new period, reminder setting and deadline; `authorizedUntilWallMs` only grows). Refused when
   * the user would have more than `endpointsMax` live ones, unless enough without a link can make room (`isLinked`):
   * those end in the same step, with their mailboxes, reason `evicted`. Durable.
   *
   * Where an expired registration of the same endpoint was not swept yet, the new one takes its place for
   * every operation by endpoint; the old one is still handed out by `claimDue` and expires with its own
   * mailbox, so that nothing about it goes unrecorded. Whoever closes links compares `registrationId`.
   */
  register(request: RegisterRequest, endpointsMax: number, at: Moment): Promise<RegisterOutcome>
  /**
   * Moves the deadline of a live registration to `nowMs` plus its period, and clears `reminded`.
   * `authorizedUntilWallMs`, where given, only grows. `undefined` when there is no live one: nothing changes.
   * Soon durable.
   */
  keepalive(
    endpoint: EndpointKey,
    authorizedUntilWallMs: number | undefined,
    at: Moment,
  ): Promise<Registration | undefined>
  /**
   * Removes a live registration and its mailbox; `undefined` when there is none. Durable.
   *
   * @param reason for the feed; default `requested`
   */
  unregister(
    endpoint: EndpointKey,
    nowMs: number,
    reason?: UnregisterReason,
  ): Promise<Registration | undefined>
  find(endpoint: EndpointKey, nowMs: number): Promise<Registration | undefined>
  /** The user's live registrations, oldest first. Zero: an empty array. */
  list(user: UserKey, nowMs: number): Promise<readonly Registration[]>
  /**
   * Takes at most `max` registrations whose reminder or expiry is due (`dueAtMs`), earliest first as far as
   * cheap, for the caller to decide about. A claimed one is not handed out again until it is settled, or, in an engine
   * shared by processes, until its claim lapses. Zero: nothing is due.
   */
  claimDue(nowMs: number, max: number): Promise<readonly Registration[]>
  /**
   * Carries out what was decided about claimed registrations, each on its own partition: `expire` removes it
   * and its mailbox, `remind` marks it reminded, `wait` only makes it claimable again when next due. A
   * decision about a registration that was renewed or removed since is dropped, and so is an `expire` before
   * its time; the claim ends all the same. Returns those that took effect. Soon durable.
   */
  settle(decisions: readonly Decision[], nowMs: number): Promise<readonly Decision[]>
}

export type Decision = { readonly registration: Registration; readonly step: 'remind' | 'expire' | 'wait' }

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
}

export type MailboxBounds = { readonly eventsMax: number; readonly bytesMax: number }

export type AppendRequest = UserKey & {
  /** Absent: every live endpoint of the user. */
  readonly userEndpointId?: string
  readonly event: StoredEvent
  readonly eventsMax: number
  readonly bytesMax: number
  /** Remembered in the same durable step, with the count as the answer. */
  readonly idempotency?: IdempotencyKey
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
  /** What the others get once one endpoint has acknowledged: see `MailboxStore.acknowledge`. */
  readonly cancelOthers?: CancelDraft
  /** Kept where somebody takes the event, so that one of them can answer it: see `CallStore`. */
  readonly call?: CallDraft
  /** Needed for `collapseKey`. Default: nothing is in flight. */
  readonly sentThrough?: SentThrough
  /** Asked before anything changes. Default: there is room for everybody. */
  readonly admit?: AdmitWrite
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

/**
 * The last entry that the registration's live link was handed, 0 without a link: entries up to it that still
 * wait are in flight, and stay until they are acknowledged or the link goes; those above are unsent.
 */
export type SentThrough = (registrationId: number) => number

/** An entry of a mailbox. */
export type EntryPosition = { readonly registration: Registration; readonly sequence: number }

/** What an acknowledgement or an answer set off at the user's other endpoints. */
export type Cancellation = {
  /** Whose mailboxes took the cancelling event. */
  readonly accepted: readonly Registration[]
  /** Whose mailboxes were too full even for that. */
  readonly full: readonly Registration[]
  /** Unsent copies of the event that were removed. */
  readonly discarded: readonly EntryPosition[]
  /** Resolves once everything about it is durable. */
  readonly durable: Promise<void>
}

export type AppendOutcome = {
  /** One for each endpoint whose mailbox took the event. */
  readonly accepted: readonly {
    readonly registration: Registration
    readonly sequence: number
    /** The newest entry that waited before this one, 0 where none did: whoever sent that may send this next. */
    readonly follows: number
  }[]
  /** Endpoints whose mailbox was full. */
  readonly full: readonly Registration[]
  /** Entries that made room for this one by their `collapseKey`. Absent: none. */
  readonly replaced?: readonly EntryPosition[]
}

/**
 * Partition of every operation: the user. A mailbox belongs to a registration (`registrationId`) and goes with
 * it; that of an expired one can be read until the expiry is settled.
 */
export interface MailboxStore {
  /**
   * Finds the live endpoints and adds the event to the mailbox of each that has room for it, in one step.
   * With an idempotency key: the answer `{eventId, count}` is remembered unless nothing was accepted because
   * of full mailboxes; whether there is one already is not looked at. No live endpoint: both arrays are empty.
   * Durable.
   */
  append(request: AppendRequest, nowMs: number): Promise<AppendOutcome>
  /**
   * Entries after `afterSequence` (0: from the start), in order, at most `entriesMax`, and no more payload
   * than `bytesMax` unless the first alone is larger. Only durable entries. Empty: there is nothing further,
   * or no such registration.
   */
  read(
    registration: Registration,
    afterSequence: number,
    entriesMax: number,
    bytesMax: number,
  ): Promise<readonly MailboxEntry[]>
  /** Whether the entry still waits. Cheap. */
  has(registration: Registration, sequence: number): boolean
  /**
   * Removes one entry; unknown ones are ignored. Soon durable. What became of it is the caller's to note, as
   * with `acknowledge`.
   */
  remove(registration: Registration, sequence: number): void
  /**
   * Removes an entry that its endpoint acknowledged; unknown ones are ignored. Soon durable.
   *
   * Where it was appended with `cancelOthers` and is the first of that event to be acknowledged, then, in the
   * same atomic step: the others of its entries that are unsent are removed and noted `discarded`, and the
   * cancelling event is appended to the mailbox of every live endpoint that still had such an entry, with a
   * record of its own. It may take a mailbox up to twice over its bounds. It happens once, and not at all when
   * every entry ended otherwise. Everywhere else: `undefined`.
   *
   * @throws RollcallError `unavailable` where it cannot be done now; nothing has changed then
   */
  acknowledge(
    registration: Registration,
    sequence: number,
    bounds: MailboxBounds,
    sentThrough: SentThrough,
    at: Moment,
  ): Cancellation | undefined
  /**
   * Looks at no more than `max` entries whose time is over, earliest first, removes them and notes them
   * `expired`, but for those in flight: they are looked at again some seconds later. Returns what was removed.
   * Cheap when nothing is due. Soon durable.
   */
  expireDue(nowWallMs: number, max: number, sentThrough: SentThrough): readonly EntryPosition[]
  /**
   * What everything that waits takes on disk, about, in one organization or in all: what entries share is counted once.
   * The same after a restart. Cheap.
   */
  diskBytes(organizationId?: string): number
  /** Entries waiting now. Cheap. */
  depth(registration: Registration): number
}

export type IdempotencyKey = {
  /** The caller. */
  readonly owner: UserKey
  readonly key: string
  readonly expiresAtWallMs: number
}
export type Answer = { readonly eventId: string; readonly count: number }

/**
 * Answers to requests that carried an `Idempotency-Key`. Partition: the caller. Bounded: past `idempotencyKeysMax` the
 * oldest of whoever has the most goes, never one of somebody who has few (`Shares`).
 */
export interface AnswerStore {
  find(owner: UserKey, key: string, nowWallMs: number): Promise<Answer | undefined>
}

/** What became of one event at one endpoint. Later ones replace earlier ones; the last three are final. */
export type Outcome =
  /** QoS 0, and there was no link. Final. */
  | 'not_connected'
  /** QoS 1, durable in the mailbox. */
  | 'queued'
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

/** One endpoint's part, with the wall-clock time of each outcome that it went through. */
export type HistoryEndpoint = {
  readonly userEndpointId: string
  readonly outcome: Outcome
  readonly at: readonly { readonly outcome: Outcome; readonly atWallMs: number }[]
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
  /** Acceptance, wall clock: from inclusive, to exclusive. */
  readonly fromWallMs?: number
  readonly toWallMs?: number
}

/**
 * Accepted events and what became of them; `CallStore` adds who answered. Bounded by age and size: the oldest records go first, in slices,
 * in the background. Partition: the recipient's user for writes; reads cross partitions.
 */
export interface HistoryStore {
  /**
   * Adds a QoS 0 event whose outcomes are known. Soon durable; while the store cannot write, only so many are
   * kept for later. QoS 1 events come with `MailboxStore.append`.
   */
  add(draft: HistoryDraft, endpoints: readonly HistoryEndpoint[]): void
  /**
   * Notes what became of the mailbox entry `sequence`. The engine itself notes `discarded` for the entries of
   * a registration that ends. An entry without a record is ignored, so is an outcome that was noted before, and
   * after a final outcome nothing is noted. Soon durable.
   */
  note(sequence: number, outcome: Outcome, atWallMs: number): void
  /** The newest record with this event id that matches; with `isFromBackend` among the newest thousands only. */
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
  /** What is kept now, bytes, as the engine reckons it against its bound. Cheap. */
  bytes(): number
}

/** A refresh token and all its descendants (RFC 6749 §10.4, RFC 9700 §4.14.2). */
export type RefreshFamily = {
  readonly familyId: string
  readonly clientId: string
  readonly userId: string
  /** SHA-256 of the only secret that is good now. */
  readonly currentHash: Uint8Array
  readonly scope: string
  readonly createdAtWallMs: number
  readonly expiresAtWallMs: number
  /** What the sign-in rests on, as its owner wrote it; empty in rows of earlier versions. */
  readonly basis: string
  /** How the current secret came to be; `undefined` for a family's first one. */
  readonly lastRotation: Rotation | undefined
}

/** One secret used up for the next. From the used one and the salt the next can be made again, from neither alone. */
export type Rotation = {
  /** SHA-256 of the secret that was used up. */
  readonly usedHash: Uint8Array
  readonly salt: Uint8Array
  /** Until when the used secret may be shown again, service time. */
  readonly repeatableUntilMs: number
}

/** What takes the place of a secret that is used up. */
export type Successor = {
  readonly currentHash: Uint8Array
  readonly salt: Uint8Array
  readonly repeatableUntilMs: number
  readonly expiresAtWallMs: number
  readonly basis: string
}

export type RotateOutcome =
  | { readonly kind: 'rotated'; readonly family: RefreshFamily }
  /**
   * The hash is the one that was used up last, its time to be shown again is not over, and its successor was not
   * used: nothing changes.
   */
  | { readonly kind: 'repeated'; readonly family: RefreshFamily; readonly salt: Uint8Array }
  /** The family exists but the hash is any other: the family is revoked, durably. */
  | { readonly kind: 'reused'; readonly family: RefreshFamily }
  | { readonly kind: 'unknown' }

/** Partition: the family. Expired families are unknown. */
export interface RefreshFamilyStore {
  /** Adds a family; past `familiesPerUserMax` the user's oldest live ones are dropped. Durable. */
  create(family: RefreshFamily, familiesPerUserMax: number, nowWallMs: number): Promise<void>
  find(familyId: string, nowWallMs: number): Promise<RefreshFamily | undefined>
  /**
   * Puts the successor in the place of the current secret where `presentedHash` is that one's. Whatever the outcome,
   * it is durable, a rotation that is repeated too.
   */
  rotate(
    familyId: string,
    presentedHash: Uint8Array,
    successor: Successor,
    now: Moment,
  ): Promise<RotateOutcome>
  /** Removes a family; unknown ones are ignored. Durable. */
  revoke(familyId: string): Promise<void>
  /** Removes all families of a user. Crosses partitions. Durable. */
  revokeOf(userId: string): Promise<void>
}

export type RevokedToken = {
  /** `iss` and `jti` of the token, or a hash of the whole token: whatever names it to the caller. */
  readonly tokenKey: string
  /** Whose it is. Absent: a former version wrote it down, or nobody knows. */
  readonly owner?: UserKey | undefined
  /** Until when it has to be remembered. */
  readonly untilWallMs: number
}

/**
 * Access tokens revoked before their time (RFC 7009). Small: read whole at start. Bounded by its user, `auth`; at twice
 * that bound adding is refused.
 */
export interface RevokedTokenStore {
  /** Durable. */
  add(token: RevokedToken): Promise<void>
  /** For those that need not be remembered any more; unknown ones are ignored. Soon durable. */
  remove(tokenKeys: readonly string[]): void
  /** Those whose `untilWallMs` lies ahead. */
  list(nowWallMs: number): Promise<readonly RevokedToken[]>
}

/** A user all of whose tokens issued before a moment are refused. */
export type UserRevocation = UserKey & {
  /** Tokens issued earlier are refused. */
  readonly notBeforeWallMs: number
  /** Until when it has to be remembered: no token from before can be alive then. */
  readonly untilWallMs: number
}

/** Users whose tokens were revoked. Small: read whole at start. Bounded as revoked tokens are. */
export interface RevokedUserStore {
  /** Of two about one user the later times count. Durable. */
  add(revocation: UserRevocation): Promise<void>
  /** Those whose `untilWallMs` lies ahead. */
  list(nowWallMs: number): Promise<readonly UserRevocation[]>
}

/**
 * When users were last heard of: the latest `lastKeepAliveAtWallMs` among their registrations, those that have
 * ended included. For that the engine itself notes it when a registration ends, however that is. Bounded by
 * `LAST_SEEN_MAX` users, the longest untouched go first, and by `LAST_SEEN_MS`. Soon durable.
 */
export interface LastSeenStore {
  /** `undefined`: the user never registered, or that is too long ago. */
  find(user: UserKey, nowWallMs: number): Promise<number | undefined>
}

export type SigningKey = {
  readonly keyId: string
  /** PKCS #8, PEM. Secret. */
  readonly privateKeyPem: string
  readonly createdAtWallMs: number
}

/** The server's own token-signing keys, few. */
export interface SigningKeyStore {
  /** Newest first. */
  list(): Promise<readonly SigningKey[]>
  /** Durable. */
  add(key: SigningKey): Promise<void>
  /** Durable. */
  remove(keyId: string): Promise<void>
}
