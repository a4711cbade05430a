import type { LifecycleEventType, LifecycleReason } from '@rollcall/protocol/lifecycle'
import { whoMakesRoom } from '../../make-room.ts'
import {
  type Decision,
  dueAtMs,
  type Moment,
  type RegisterOutcome,
  type RegisterRequest,
  type Registration,
  type RegistrationStore,
} from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'
import { addSlot, findLive, isLive, isNewest, listLive, type Slot, type Slots } from './slots.ts'

/** Ends a slot with its mailbox. */
export type EndSlot = (slot: Slot, nowMs: number) => void

/** Tells the feed of a change. */
export type RecordChange = (
  type: LifecycleEventType,
  registration: Registration,
  reason: LifecycleReason,
  nowMs: number,
) => void

export function memoryRegistrations(
  slots: Slots,
  gate: Gate,
  end: EndSlot,
  record: RecordChange,
): RegistrationStore {
  return {
    async register(request, endpointsMax, at) {
      assertOpen(gate)
      return register(slots, request, endpointsMax, at, end, record)
    },
    async keepalive(endpoint, authorizedUntilWallMs, at) {
      assertOpen(gate)
      const slot = findLive(slots, endpoint, at.heardMs ?? at.nowMs)
      if (slot === undefined) return undefined
      slot.registration = renew(slot.registration, authorizedUntilWallMs ?? 0, at)
      return slot.registration
    },
    async unregister(endpoint, nowMs, reason = 'requested') {
      assertOpen(gate)
      const slot = findLive(slots, endpoint, nowMs)
      if (slot === undefined) return undefined
      record('UserEndpointUnregisteredEvent', slot.registration, reason, nowMs)
      end(slot, nowMs)
      return slot.registration
    },
    async find(endpoint, nowMs) {
      assertOpen(gate)
      return findLive(slots, endpoint, nowMs)?.registration
    },
    async list(user, nowMs) {
      assertOpen(gate)
      return listLive(slots, user, nowMs).map((slot) => slot.registration)
    },
    async claimDue(nowMs, max) {
      assertOpen(gate)
      return claimDue(slots, nowMs, max)
    },
    async carryOut(decisions, nowMs) {
      assertOpen(gate)
      return decisions.filter((decision) => carryOutOne(slots, decision, nowMs, end, record))
    },
  }
}

function register(
  slots: Slots,
  request: RegisterRequest,
  endpointsMax: number,
  at: Moment,
  end: EndSlot,
  record: RecordChange,
): RegisterOutcome {
  const heardMs = at.heardMs ?? at.nowMs
  const slot = findLive(slots, request, heardMs)
  if (slot !== undefined) {
    const { keepAliveSeconds, serverKeepAliveReminderOn } = request
    const changed = { ...slot.registration, keepAliveSeconds, serverKeepAliveReminderOn }
    slot.registration = renew(changed, request.authorizedUntilWallMs, at)
    return { kind: 'registered', registration: slot.registration, refreshed: true }
  }
  const live = listLive(slots, request, heardMs).map(({ registration }) => registration)
  const madeRoom = whoMakesRoom(live, endpointsMax, request.isLinked)
  if (madeRoom === undefined) return { kind: 'too_many_endpoints' }
  for (const registration of madeRoom) {
    const leaving = findLive(slots, registration, heardMs)
    record('UserEndpointUnregisteredEvent', registration, 'evicted', at.nowMs)
    if (leaving !== undefined) end(leaving, at.nowMs)
  }
  const registration = create(slots.nextRegistrationId++, request, at)
  const replaced = addSlot(slots, registration)?.registration
  // Its expiry comes to light before the sweeper saw it, and is not told twice.
  if (replaced !== undefined) record('UserEndpointExpiredEvent', replaced, 'keepalive_missed', at.nowMs)
  record('UserEndpointRegisteredEvent', registration, 'requested', at.nowMs)
  return {
    kind: 'registered',
    registration,
    refreshed: false,
    ...(madeRoom.length === 0 ? {} : { madeRoom }),
  }
}

function create(registrationId: number, request: RegisterRequest, at: Moment): Registration {
  return {
    organizationId: request.organizationId,
    userId: request.userId,
    userEndpointId: request.userEndpointId,
    registrationId,
    keepAliveSeconds: request.keepAliveSeconds,
    serverKeepAliveReminderOn: request.serverKeepAliveReminderOn,
    registeredAtWallMs: at.nowWallMs,
    lastKeepAliveAtWallMs: at.nowWallMs,
    expiresAtMs: at.nowMs + request.keepAliveSeconds * 1000,
    reminded: false,
    authorizedUntilWallMs: request.authorizedUntilWallMs,
  }
}

function renew(registration: Registration, authorizedUntilWallMs: number, at: Moment): Registration {
  return {
    ...registration,
    lastKeepAliveAtWallMs: at.nowWallMs,
    expiresAtMs: at.nowMs + registration.keepAliveSeconds * 1000,
    reminded: false,
    authorizedUntilWallMs: Math.max(registration.authorizedUntilWallMs, authorizedUntilWallMs),
  }
}

function claimDue(slots: Slots, nowMs: number, max: number): readonly Registration[] {
  const due = [...slots.byId.values()]
    .filter((slot) => !slot.claimed && dueAtMs(slot.registration) <= nowMs)
    .sort((a, b) => dueAtMs(a.registration) - dueAtMs(b.registration))
    .slice(0, max)
  for (const slot of due) slot.claimed = true
  return due.map((slot) => slot.registration)
}

function carryOutOne(
  slots: Slots,
  { registration, step }: Decision,
  nowMs: number,
  end: EndSlot,
  record: RecordChange,
): boolean {
  const slot = slots.byId.get(registration.registrationId)
  if (slot === undefined) return false
  slot.claimed = false
  if (slot.registration.expiresAtMs !== registration.expiresAtMs) return false
  switch (step) {
    case 'wait':
      return true
    case 'remind':
      slot.registration = { ...slot.registration, reminded: true }
      return true
    case 'expire':
      if (isLive(slot.registration, nowMs)) return false
      if (isNewest(slots, slot))
        record('UserEndpointExpiredEvent', slot.registration, 'keepalive_missed', nowMs)
      end(slot, nowMs)
      return true
  }
}
