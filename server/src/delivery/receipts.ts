import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../clock/clock.ts'
import { holderOf, type Pool, type Worker } from '../limits/limits.ts'
import type { EntryPosition } from '../store/store.ts'
import type { Waiting } from './command/waiting.ts'
import { type AwaitedEvent, type ExpectedEvent, Waiter } from './waiter.ts'

/**
 * The senders that wait for what becomes of their event: no thread, no polling. Each entry waited for is told of
 * once, whatever becomes of it. Bounded.
 */
export class Receipts {
  readonly #clock: Clock
  readonly #places: Pool
  /** Each with what gives its place back. */
  readonly #waiters = new Map<Waiter, () => void>()
  /** By registration and sequence. Empty nearly always: who ends an entry pays one look. */
  readonly #byEntry = new Map<number, Map<number, Waiter>>()
  /** Those that wait for an answer, by event. */
  readonly #byEvent = new Map<string, Set<Waiter>>()
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
  open(sender: Worker, waiting: Waiting): Waiter {
    const release = this.#places.take(holderOf(sender))
    if (release === undefined)
      throw new RollcallError('unavailable', 'Too many requests wait for receipts.', { retryAfterSeconds: 1 })
    const waiter = new Waiter(this.#clock, waiting)
    this.#waiters.set(waiter, release)
    if (this.#isEnding) waiter.cutShort()
    return waiter
  }

  /** The event of a waiter was accepted, with these entries. Call before it is sent to anybody. */
  expect(waiter: Waiter, event: ExpectedEvent, entries: readonly EntryPosition[], connected: number): void {
    waiter.begin(entries, connected)
    waiter.event = event
    for (const { registration, sequence } of entries) {
      const { registrationId } = registration
      const ofRegistration = this.#byEntry.get(registrationId) ?? new Map<number, Waiter>()
      this.#byEntry.set(registrationId, ofRegistration.set(sequence, waiter))
    }
    if (!waiter.waitsForAnswer) return
    const name = nameOf(event)
    waiter.eventName = name
    this.#byEvent.set(name, (this.#byEvent.get(name) ?? new Set()).add(waiter))
  }

  /** Of which nothing was heard yet. */
  openEntries(waiter: Waiter): readonly EntryPosition[] {
    return waiter.entries.filter(
      ({ registration, sequence }) =>
        this.#byEntry.get(registration.registrationId)?.get(sequence) === waiter,
    )
  }

  /** Frees a place. */
  close(waiter: Waiter): void {
    for (const { registration, sequence } of waiter.entries) {
      const ofRegistration = this.#byEntry.get(registration.registrationId)
      ofRegistration?.delete(sequence)
      if (ofRegistration?.size === 0) this.#byEntry.delete(registration.registrationId)
    }
    const ofEvent = this.#byEvent.get(waiter.eventName)
    ofEvent?.delete(waiter)
    if (ofEvent?.size === 0) this.#byEvent.delete(waiter.eventName)
    this.#waiters.get(waiter)?.()
    this.#waiters.delete(waiter)
  }

  /** An entry came to its end. */
  entryEnded({ registration, sequence }: EntryPosition, isAcknowledged: boolean): void {
    if (this.#byEntry.size === 0) return
    const ofRegistration = this.#byEntry.get(registration.registrationId)
    const waiter = ofRegistration?.get(sequence)
    ofRegistration?.delete(sequence)
    waiter?.entryEnded(isAcknowledged)
  }

  /** An endpoint was the first to answer, and that is durable. */
  answered(event: AwaitedEvent, userEndpointId: string): void {
    if (this.#byEvent.size === 0) return
    for (const waiter of this.#byEvent.get(nameOf(event)) ?? []) waiter.answered(userEndpointId)
  }

  /** A registration got a link. */
  connected(registrationId: number): void {
    if (this.#byEntry.size === 0) return
    for (const waiter of this.#byEntry.get(registrationId)?.values() ?? []) waiter.connected(registrationId)
  }

  /** None of the registration's entries can be acknowledged any more. */
  registrationEnded(registrationId: number): void {
    const waiters = this.#byEntry.get(registrationId)
    this.#byEntry.delete(registrationId)
    for (const waiter of waiters?.values() ?? []) waiter.registrationEnded(registrationId)
  }

  /** Whoever waits, now or later, is answered with what is known. */
  endAll(): void {
    this.#isEnding = true
    for (const waiter of this.#waiters.keys()) waiter.cutShort()
  }
}

/** Ids contain no slash, and the event's comes last: no two events of two users or two senders share a name. */
function nameOf({ to, senderId, eventId }: AwaitedEvent): string {
  return `${to.organizationId}/${to.userId}/${senderId}/${eventId}`
}
