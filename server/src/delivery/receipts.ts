import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../clock/clock.ts'
import { holderOf, type Pool, type Worker } from '../limits/limits.ts'
import type { EntryPosition, UserKey } from '../store/store.ts'
import type { Waiting } from './command/waiting.ts'
import { Watch } from './watch.ts'

/** An event by whom it is for and who sent it, as `CallDraft` has it: others may have sent something under its id. */
export type WatchedEvent = { readonly to: UserKey; readonly senderId: string; readonly eventId: string }

/**
 * The senders that wait for what becomes of their event: no thread, no polling. Each entry waited for is told of
 * once, whatever becomes of it. Bounded.
 */
export class Receipts {
  readonly #clock: Clock
  readonly #places: Pool
  /** Each with what gives its place back. */
  readonly #watches = new Map<Watch, () => void>()
  /** By registration and sequence. Empty nearly always: who settles an entry pays one look. */
  readonly #byEntry = new Map<number, Map<number, Watch>>()
  /** Those that wait for an answer, by event. */
  readonly #byEvent = new Map<string, Set<Watch>>()
  #isEnding = false

  constructor(clock: Clock, places: Pool) {
    this.#clock = clock
    this.#places = places
  }

  /**
   * Takes a place of the sender's share, before anything is sent. It must be closed.
   *
   * @throws RollcallError `unavailable` where there is none
   */
  open(sender: Worker, waiting: Waiting): Watch {
    const release = this.#places.take(holderOf(sender))
    if (release === undefined)
      throw new RollcallError('unavailable', 'Too many requests wait for receipts.', { retryAfterSeconds: 1 })
    const watch = new Watch(this.#clock, waiting)
    this.#watches.set(watch, release)
    if (this.#isEnding) watch.cutShort()
    return watch
  }

  /** The event of a watch was accepted, with these entries. Call before it is sent to anybody. */
  follow(watch: Watch, event: WatchedEvent, entries: readonly EntryPosition[], connected: number): void {
    watch.begin(entries, connected)
    for (const { registration, sequence } of entries) {
      const { registrationId } = registration
      const ofRegistration = this.#byEntry.get(registrationId) ?? new Map<number, Watch>()
      this.#byEntry.set(registrationId, ofRegistration.set(sequence, watch))
    }
    if (!watch.waitsForAnswer) return
    const name = nameOf(event)
    watch.eventName = name
    this.#byEvent.set(name, (this.#byEvent.get(name) ?? new Set()).add(watch))
  }

  /** Frees a place. */
  close(watch: Watch): void {
    for (const { registration, sequence } of watch.entries) {
      const ofRegistration = this.#byEntry.get(registration.registrationId)
      ofRegistration?.delete(sequence)
      if (ofRegistration?.size === 0) this.#byEntry.delete(registration.registrationId)
    }
    const ofEvent = this.#byEvent.get(watch.eventName)
    ofEvent?.delete(watch)
    if (ofEvent?.size === 0) this.#byEvent.delete(watch.eventName)
    this.#watches.get(watch)?.()
    this.#watches.delete(watch)
  }

  /** An entry came to its end. */
  settled({ registration, sequence }: EntryPosition, isAcknowledged: boolean): void {
    if (this.#byEntry.size === 0) return
    const ofRegistration = this.#byEntry.get(registration.registrationId)
    const watch = ofRegistration?.get(sequence)
    ofRegistration?.delete(sequence)
    watch?.settled(isAcknowledged)
  }

  /** An endpoint was the first to answer, and that is durable. */
  answered(event: WatchedEvent, userEndpointId: string): void {
    if (this.#byEvent.size === 0) return
    for (const watch of this.#byEvent.get(nameOf(event)) ?? []) watch.answered(userEndpointId)
  }

  /** A registration got a link. */
  connected(registrationId: number): void {
    if (this.#byEntry.size === 0) return
    for (const watch of this.#byEntry.get(registrationId)?.values() ?? []) watch.connected(registrationId)
  }

  /** None of the registration's entries can be acknowledged any more. */
  registrationEnded(registrationId: number): void {
    const watches = this.#byEntry.get(registrationId)
    this.#byEntry.delete(registrationId)
    for (const watch of watches?.values() ?? []) watch.settled(false)
  }

  /** Whoever waits, now or later, is answered with what is known. */
  endAll(): void {
    this.#isEnding = true
    for (const watch of this.#watches.keys()) watch.cutShort()
  }
}

/** Ids contain no slash, and the event's comes last: no two events of two users or two senders share a name. */
function nameOf({ to, senderId, eventId }: WatchedEvent): string {
  return `${to.organizationId}/${to.userId}/${senderId}/${eventId}`
}
