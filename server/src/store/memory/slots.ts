import type { EndpointKey, MailboxEntry, Registration, UserKey } from '../store.ts'
import { type LastSeen, noteLastSeen } from './last-seen.ts'

/** A registration with what belongs to it. */
export type Slot = {
  registration: Registration
  claimed: boolean
  mailbox: MailboxEntry[]
}

/** Everything registered: by id, also what expired and was not swept yet, and the newest of each endpoint. */
export type Slots = {
  readonly byId: Map<number, Slot>
  readonly byEndpoint: Map<string, Slot>
  readonly lastSeen: LastSeen
  nextRegistrationId: number
  nextSequence: number
}

export function createSlots(): Slots {
  return {
    byId: new Map(),
    byEndpoint: new Map(),
    lastSeen: new Map(),
    nextRegistrationId: 1,
    nextSequence: 1,
  }
}

export function isLive(registration: Registration, nowMs: number): boolean {
  return nowMs < registration.expiresAtMs
}

/** The slot of the endpoint's live registration. */
export function findLive(slots: Slots, endpoint: EndpointKey, nowMs: number): Slot | undefined {
  const slot = slots.byEndpoint.get(keyOf(endpoint))
  return slot !== undefined && isLive(slot.registration, nowMs) ? slot : undefined
}

/** The slots of the user's live registrations, oldest first. */
export function listLive(slots: Slots, user: UserKey, nowMs: number): Slot[] {
  return [...slots.byEndpoint.values()]
    .filter(({ registration }) => isOf(registration, user) && isLive(registration, nowMs))
    .sort((a, b) => a.registration.registrationId - b.registration.registrationId)
}

export function addSlot(slots: Slots, registration: Registration): void {
  const slot: Slot = { registration, claimed: false, mailbox: [] }
  slots.byId.set(registration.registrationId, slot)
  slots.byEndpoint.set(keyOf(registration), slot)
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

function isOf(registration: Registration, user: UserKey): boolean {
  return registration.organizationId === user.organizationId && registration.userId === user.userId
}
