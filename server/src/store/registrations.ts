import type { UnregisterReason } from '@rollcall/protocol/lifecycle'

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
   * cheap, for the caller to decide about. A claimed one is not handed out again until its decision is carried
   * out, or, in an engine shared by processes, until its claim lapses. Zero: nothing is due.
   */
  claimDue(nowMs: number, max: number): Promise<readonly Registration[]>
  /**
   * Carries out what was decided about claimed registrations, each on its own partition: `expire` removes it
   * and its mailbox, `remind` marks it reminded, `wait` only makes it claimable again when next due. A
   * decision about a registration that was renewed or removed since is dropped, and so is an `expire` before
   * its time; the claim ends all the same. Returns those that took effect. Soon durable.
   */
  carryOut(decisions: readonly Decision[], nowMs: number): Promise<readonly Decision[]>
}

export type Decision = { readonly registration: Registration; readonly step: 'remind' | 'expire' | 'wait' }

/**
 * When users were last heard of: the latest `lastKeepAliveAtWallMs` among their registrations, those that have
 * ended included. For that the engine itself notes it when a registration ends, however that is. Bounded by
 * `LAST_SEEN_MAX` users, the longest untouched go first, and by `LAST_SEEN_MS`. Soon durable.
 */
export interface LastSeenStore {
  /** `undefined`: the user never registered, or that is too long ago. */
  find(user: UserKey, nowWallMs: number): Promise<number | undefined>
}
