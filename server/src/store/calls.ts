import type { Cancellation, EntryPosition, MailboxBounds } from './mailboxes.ts'
import type { EndpointKey, UserKey } from './registrations.ts'

/** An event that can be answered now, or was. */
export type Call = {
  readonly eventId: string
  /** As in the draft. */
  readonly senderId: string
  readonly qos: 0 | 1
  /** Of its record in the history; 0: it has none. */
  readonly recordId: number
  readonly endsAtWallMs: number
  /** `undefined`: nobody knows. */
  readonly masks: readonly string[] | undefined
  /** Who may answer: the endpoints that took it, but for those where it ended without having been sent. */
  readonly userEndpointIds: readonly string[]
  /** Who was the first to answer. `undefined`: nobody has. */
  readonly answeredBy: string | undefined
}

export type AnswerRequest = EndpointKey & {
  /**
   * What is answered, as `find` gave it; or, for an event that was not appended as a call, as the history knows
   * it: it becomes a call by its answer.
   */
  readonly call: Call
  /** As JSON, masked. */
  readonly answer?: Uint8Array
}

export type AnswerOutcome =
  | {
      /** This endpoint is the first. */
      readonly kind: 'answered'
      /** Its own copy, where that still waited to be acknowledged: whoever answers has the event. */
      readonly taken: EntryPosition | undefined
      /** Absent where there was nobody else to tell. */
      readonly cancellation: Cancellation | undefined
      readonly durable: Promise<void>
    }
  /** This endpoint was the first, before. */
  | { readonly kind: 'repeated'; readonly durable: Promise<void> }
  /** Another one was. */
  | { readonly kind: 'elsewhere'; readonly userEndpointId: string; readonly durable: Promise<void> }
  /** There is no such event any more, or it was not for this endpoint. */
  | { readonly kind: 'unknown' }

/**
 * Events that wait to be answered by one of a user's endpoints, and those that were, until their time is over: a
 * PUBACK ends an entry in a mailbox, and a call outlives it. Partition of every operation: the user.
 *
 * The engine itself begins a call with the append of its event (`AppendRequest.call`). An endpoint is no longer
 * part of it once its copy was replaced, removed or expired: what it shows is not this event. One whose
 * registration ended still is, for it may ring. Bounded (`CALLS_MAX`, `CALLS_PER_USER_MAX`): the oldest go.
 */
export interface CallStore {
  /** The call with this event id whose time is not over. Only durable ones. */
  find(user: UserKey, eventId: string): Promise<Call | undefined>
  /**
   * The first endpoint wins, once. In the same atomic step: its own copy, if that still waits, is removed and
   * noted `acknowledged`; the others' unsent copies are removed and noted `discarded`; and the cancelling event
   * is appended, with a record of its own, to the mailbox of every other endpoint of the call that is registered
   * now, anew or still, whether it had acknowledged its copy or not. It may take a mailbox up to twice over its
   * bounds. The history and the feed are told of the answer.
   *
   * Takes effect at once; nobody may be told of any outcome before it is `durable`. Where that rejects it still
   * may become durable later.
   *
   * @throws RollcallError `unavailable` where it cannot be done now; nothing has changed then
   */
  answer(request: AnswerRequest, bounds: MailboxBounds): Promise<AnswerOutcome>
}
