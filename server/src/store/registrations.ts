import type { DiscardReason } from '@rollcall/protocol/history'
import type { UnregisterReason } from '@rollcall/protocol/lifecycle'
import type { LinkHandle } from './link-handle.ts'

export type UserKey = { readonly organizationId: string; readonly userId: string }
export type EndpointKey = UserKey & { readonly userEndpointId: string }
/** Every live endpoint of a user, or this one. */
export type Addressee = UserKey & { readonly userEndpointId?: string }

/** Names a registration, and with it its partition: the user. */
export type RegistrationKey = EndpointKey & {
  /**
   * Tells this registration from an earlier one of the same endpoint: a positive integer, unique within the
   * store and never used again. A refresh keeps it; after expiry or unregister a new register makes another.
   */
  readonly registrationId: number
}

/** What names a registration, as a value of its own. */
export function toKey({
  organizationId,
  userId,
  userEndpointId,
  registrationId,
}: RegistrationKey): RegistrationKey {
  return { organizationId, userId, userEndpointId, registrationId }
}

/** An endpoint's claim to be reachable for a while (RFC 3261's binding), as it was when it was handed out. */
export type Registration = RegistrationKey & {
  readonly keepAliveSeconds: number
  readonly serverKeepAliveReminderOn: boolean
  /** Wall-clock times, for people. */
  readonly registeredAtWallMs: number
  readonly lastKeepAliveAtWallMs: number
  /** What was left of its period then; not above 0: so late it was. The engine alone decides who lives. */
  readonly remainingMs: number
  /** Whether this period's reminder was sent. */
  readonly reminded: boolean
  /** Latest `exp` among the tokens that registered or renewed it; wall-clock time. */
  readonly authorizedUntilWallMs: number
  /** How to wake its device, sealed. Absent: it cannot be woken. */
  readonly wakeUp?: Uint8Array
}

/** What may be known of a live registration besides. */
type Looked = {
  /** Entries that wait in its mailbox. */
  readonly depth: number
  /** The link that holds it; `undefined`: none does. */
  readonly link: LinkHandle | undefined
}

/** A live registration, with what was asked for. */
export type Sighting<Wanted extends keyof Looked = never> = {
  readonly registration: Registration
} & Pick<Looked, Wanted>

/** What is asked for besides. */
export type LookFor<Wanted extends keyof Looked = keyof Looked> = { readonly [what in Wanted]: true }

export type RegisterRequest = EndpointKey & {
  readonly keepAliveSeconds: number
  readonly serverKeepAliveReminderOn: boolean
  readonly authorizedUntilWallMs: number
  /** In the place of what was said before, also where it is absent. At most 16 KiB. */
  readonly wakeUp?: Uint8Array
  /**
   * Whether, where the user has as many endpoints as it may, those make room that no link holds, the longest silent first.
   * Absent: none does.
   */
  readonly mayEvict?: boolean
}

export type RegisterOutcome =
  | {
      readonly kind: 'registered'
      readonly registration: Registration
      readonly refreshed: boolean
      /** Those that ended to make room for this one. Absent: none. */
      readonly madeRoom?: readonly Registration[]
    }
  | { readonly kind: 'too_many_endpoints' }

/**
 * Partition of every operation: the user. The engine keeps the time: who lives is judged by what was heard so
 * far (`ServiceTime.heardMs`), and a period that begins is counted from now. Expired registrations are invisible to every
 * read.
 */
export interface RegistrationStore {
  /**
   * Creates a registration, or refreshes the live one of the same endpoint (same `registrationId` and
   * mailbox; new period, reminder setting and deadline; `authorizedUntilWallMs` only grows). Refused when
   * the user would have more than `endpointsMax` live ones, unless enough without a link can make room (`mayEvict`):
   * those end in the same step, with their mailboxes, reason `evicted`. Durable.
   *
   * Where an expired registration of the same endpoint was not swept yet, the new one takes its place for
   * every operation by endpoint; the old one still expires with its own mailbox when it is swept, so that nothing
   * about it goes unrecorded. Whoever closes links compares `registrationId`.
   */
  register(request: RegisterRequest, endpointsMax: number): Promise<RegisterOutcome>
  /**
   * Gives a live registration another period, and clears `reminded`. `authorizedUntilWallMs`, where given, only grows.
   * `undefined` when there is no live one: nothing changes. Soon durable.
   */
  keepalive(
    endpoint: EndpointKey,
    authorizedUntilWallMs: number | undefined,
  ): Promise<Registration | undefined>
  /**
   * Removes a live registration and its mailbox; `undefined` when there is none. Durable.
   *
   * @param reason for the feed; default `requested`
   */
  unregister(endpoint: EndpointKey, reason?: UnregisterReason): Promise<Registration | undefined>
  /**
   * Who is there: the live registrations of each addressee, in the order asked, a user's oldest first. An addressee without
   * any has none among them. What is said of one user is of one moment. Whoever asks for many asks in groups: it does not rest.
   */
  look<Wanted extends keyof Looked = never>(
    addressees: readonly Addressee[],
    wanted: LookFor<Wanted>,
  ): Promise<readonly Sighting<Wanted>[]>
  /**
   * Forgets how a registration is woken, where that is still as given: whoever registered meanwhile has said it anew. Tells
   * whether it was. Soon durable.
   */
  forgetWakeUp(registration: RegistrationKey, wakeUp: Uint8Array): Promise<boolean>
  /**
   * Live registrations that can be woken and that something waits for, each once, at most `max`; crosses partitions. `next`,
   * where given, is where to go on, also when nothing was found yet.
   *
   * @param after the `next` of the call before; 0 at first
   */
  listWakeable(
    after: number,
    max: number,
  ): Promise<{ readonly registrations: readonly Registration[]; readonly next: number | undefined }>
}

/** Why what waited is discarded where a registration is ended by somebody. */
export function discardReasonOf(reason: UnregisterReason): DiscardReason {
  return reason === 'requested' ? 'unregistered' : reason
}
