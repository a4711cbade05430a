import type { HeldLinks } from '../../held-links.ts'
import { liftDeadline, type Recovery } from '../../recovery.ts'
import type { Addressee, CancelDraft, EndpointKey, MailboxEntry, Registration, UserKey } from '../../store.ts'
import { LastSeen, type LastSeenBounds, noteLastSeen } from './last-seen.ts'

/** A registration with its deadline, service time. */
export type Held = Omit<Registration, 'remainingMs'> & { readonly expiresAtMs: number }

/** A registration with what belongs to it. */
export type Slot = {
  registration: Held
  mailbox: WaitingEntry[]
}

/** With the slot that each link was attached to, which tells of it when that is gone. */
export type Links = HeldLinks<Slot>

/** The entries of one event of which the first acknowledged cancels the others. */
export type Race = { readonly cancel: CancelDraft; isOver: boolean; entries: number }

/** An entry with the terms on which it waits. */
export type WaitingEntry = MailboxEntry & {
  readonly collapseKey: string | undefined
  readonly race: Race | undefined
  /** The process where somebody waits to hear of it. */
  readonly awaitedAt?: string | undefined
  /** When to look whether its time is over. */
  dueAtWallMs: number
}

/** Everything registered: by id, also what expired and was not swept yet, and the newest of each endpoint. */
export type Slots = {
  readonly byId: Map<number, Slot>
  readonly byEndpoint: Map<string, Slot>
  readonly lastSeen: LastSeen
  nextRegistrationId: number
  nextSequence: number
}

export function createSlots(bounds: LastSeenBounds): Slots {
  return {
    byId: new Map(),
    byEndpoint: new Map(),
    lastSeen: new LastSeen(bounds),
    nextRegistrationId: 1,
    nextSequence: 1,
  }
}

export function isLive(registration: Held, heardMs: number): boolean {
  return heardMs < registration.expiresAtMs
}

export function toRegistration({ expiresAtMs, ...held }: Held, nowMs: number): Registration {
  return { ...held, remainingMs: expiresAtMs - nowMs }
}

/** Gives everybody who lives a full period. */
export function liftAll(slots: Slots, recovery: Recovery): void {
  for (const slot of slots.byId.values()) {
    const { registration } = slot
    const expiresAtMs = liftDeadline(registration.expiresAtMs, registration.keepAliveSeconds * 1000, [
      recovery,
    ])
    if (expiresAtMs !== registration.expiresAtMs)
      slot.registration = { ...registration, expiresAtMs, reminded: false }
  }
}

/** The slot of the endpoint's live registration. */
export function findLive(slots: Slots, endpoint: EndpointKey, heardMs: number): Slot | undefined {
  const slot = slots.byEndpoint.get(keyOf(endpoint))
  return slot !== undefined && isLive(slot.registration, heardMs) ? slot : undefined
}

/** The slots of the user's live registrations, oldest first. */
export function listLive(slots: Slots, user: UserKey, heardMs: number): Slot[] {
  return [...slots.byEndpoint.values()]
    .filter(({ registration }) => isOf(registration, user) && isLive(registration, heardMs))
    .sort((a, b) => a.registration.registrationId - b.registration.registrationId)
}

/** The slots of the live registrations of a user, or that of one endpoint. */
export function reached(
  slots: Slots,
  { organizationId, userId, userEndpointId }: Addressee,
  heardMs: number,
): readonly Slot[] {
  if (userEndpointId === undefined) return listLive(slots, { organizationId, userId }, heardMs)
  const slot = findLive(slots, { organizationId, userId, userEndpointId }, heardMs)
  return slot === undefined ? [] : [slot]
}

/** Adds a slot and returns the one whose place it takes. */
export function addSlot(slots: Slots, registration: Held): Slot | undefined {
  const slot: Slot = { registration, mailbox: [] }
  slots.byId.set(registration.registrationId, slot)
  const replaced = slots.byEndpoint.get(keyOf(registration))
  slots.byEndpoint.set(keyOf(registration), slot)
  return replaced
}

/** Whether no later registration of the same endpoint has taken its place. */
export function isNewest(slots: Slots, slot: Slot): boolean {
  return slots.byEndpoint.get(keyOf(slot.registration)) === slot
}

export function removeSlot(slots: Slots, slot: Slot): void {
  noteLastSeen(slots.lastSeen, slot.registration)
  slots.byId.delete(slot.registration.registrationId)
  const key = keyOf(slot.registration)
  if (slots.byEndpoint.get(key) === slot) slots.byEndpoint.delete(key)
}

function keyOf(endpoint: EndpointKey): string {
  return JSON.stringify([endpoint.organizationId, endpoint.userId, endpoint.userEndpointId])
}

function isOf(registration: UserKey, user: UserKey): boolean {
  return registration.organizationId === user.organizationId && registration.userId === user.userId
}
