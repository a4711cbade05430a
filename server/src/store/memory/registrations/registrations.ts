import type { DiscardReason } from '@rollcall/protocol/history'
import type { LifecycleEventType, LifecycleReason } from '@rollcall/protocol/lifecycle'
import { whoMakesRoom } from '../../make-room.ts'
import type { Moment } from '../../moment.ts'
import { discardReasonOf } from '../../registrations.ts'
import type { RegisterOutcome, RegisterRequest, RegistrationStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'
import type { Neighbours } from './neighbours.ts'
import {
  addSlot,
  findLive,
  type Held,
  isLive,
  type Links,
  listLive,
  reached,
  type Slot,
  type Slots,
  toRegistration,
} from './slots.ts'

export type RegistrationParts = {
  readonly slots: Slots
  readonly links: Links
  readonly neighbours: Neighbours
  readonly gate: Gate
  readonly now: () => Moment
  /** Ends a slot with its mailbox, and says why. */
  readonly end: (slot: Slot, reason: DiscardReason, at: Moment) => void
  /** Tells the feed of a change. */
  readonly record: (type: LifecycleEventType, held: Held, reason: LifecycleReason, at: Moment) => void
}

export function memoryRegistrations(parts: RegistrationParts): RegistrationStore {
  const { slots, links, neighbours, gate, now, end, record } = parts
  return {
    async register(request, endpointsMax) {
      assertOpen(gate)
      return register(parts, request, endpointsMax, now())
    },
    async keepalive(endpoint, authorizedUntilWallMs) {
      assertOpen(gate)
      const at = now()
      const slot = findLive(slots, endpoint, at.heardMs)
      if (slot === undefined) return undefined
      slot.registration = renew(slot.registration, authorizedUntilWallMs ?? 0, at)
      return toRegistration(slot.registration, at.nowMs)
    },
    async unregister(endpoint, reason = 'requested') {
      assertOpen(gate)
      const at = now()
      const slot = findLive(slots, endpoint, at.heardMs)
      if (slot === undefined) return undefined
      record('UserEndpointUnregisteredEvent', slot.registration, reason, at)
      end(slot, discardReasonOf(reason), at)
      return toRegistration(slot.registration, at.nowMs)
    },
    async forgetWakeUp({ registrationId }, wakeUp) {
      assertOpen(gate)
      const slot = slots.byId.get(registrationId)
      const kept = slot?.registration.wakeUp
      if (slot === undefined || kept === undefined || Buffer.compare(kept, wakeUp) !== 0) return false
      slot.registration = withWakeUp(slot.registration, undefined)
      return true
    },
    async listWakeable(after, max) {
      assertOpen(gate)
      const { nowMs, heardMs } = now()
      const found = [...slots.byId.values()]
        .filter(({ registration, mailbox }) => registration.wakeUp !== undefined && mailbox.length > 0)
        .map(({ registration }) => registration)
        .filter((one) => one.registrationId > after && isLive(one, heardMs))
        .sort((one, other) => one.registrationId - other.registrationId)
      const registrations = found.slice(0, max).map((one) => toRegistration(one, nowMs))
      const next = found.length > max ? registrations.at(-1)?.registrationId : undefined
      return { registrations, next }
    },
    async look(addressees) {
      assertOpen(gate)
      const { nowMs, heardMs } = now()
      return addressees
        .flatMap((addressee) => reached(slots, addressee, heardMs))
        .map(({ registration, mailbox }) => ({
          registration: toRegistration(registration, nowMs),
          depth: mailbox.length,
          link: neighbours.seen(links.of(registration.registrationId)),
        }))
    },
  }
}

function register(
  { slots, links, end, record }: RegistrationParts,
  request: RegisterRequest,
  endpointsMax: number,
  at: Moment,
): RegisterOutcome {
  const { nowMs, heardMs } = at
  const slot = findLive(slots, request, heardMs)
  if (slot !== undefined) {
    const { keepAliveSeconds, serverKeepAliveReminderOn } = request
    const changed = withWakeUp(
      { ...slot.registration, keepAliveSeconds, serverKeepAliveReminderOn },
      request.wakeUp,
    )
    slot.registration = renew(changed, request.authorizedUntilWallMs, at)
    return { kind: 'registered', registration: toRegistration(slot.registration, nowMs), refreshed: true }
  }
  const live = listLive(slots, request, heardMs).map(({ registration }) => registration)
  const isLinked = request.mayEvict ? (id: number) => links.of(id) !== undefined : undefined
  const madeRoom = whoMakesRoom(live, endpointsMax, isLinked)
  if (madeRoom === undefined) return { kind: 'too_many_endpoints' }
  for (const registration of madeRoom) {
    const leaving = findLive(slots, registration, heardMs)
    record('UserEndpointUnregisteredEvent', registration, 'evicted', at)
    if (leaving !== undefined) end(leaving, 'evicted', at)
  }
  const registration = create(slots.nextRegistrationId++, request, at)
  const replaced = addSlot(slots, registration)?.registration
  // Its expiry comes to light before the sweeper saw it, and is not told twice.
  if (replaced !== undefined) record('UserEndpointExpiredEvent', replaced, 'keepalive_missed', at)
  record('UserEndpointRegisteredEvent', registration, 'requested', at)
  return {
    kind: 'registered',
    registration: toRegistration(registration, nowMs),
    refreshed: false,
    ...(madeRoom.length === 0 ? {} : { madeRoom: madeRoom.map((held) => toRegistration(held, nowMs)) }),
  }
}

function create(registrationId: number, request: RegisterRequest, at: Moment): Held {
  const made = {
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
  return withWakeUp(made, request.wakeUp)
}

function withWakeUp({ wakeUp: _former, ...registration }: Held, wakeUp: Uint8Array | undefined): Held {
  return wakeUp === undefined ? registration : { ...registration, wakeUp }
}

function renew(registration: Held, authorizedUntilWallMs: number, at: Moment): Held {
  return {
    ...registration,
    lastKeepAliveAtWallMs: at.nowWallMs,
    expiresAtMs: at.nowMs + registration.keepAliveSeconds * 1000,
    reminded: false,
    authorizedUntilWallMs: Math.max(registration.authorizedUntilWallMs, authorizedUntilWallMs),
  }
}
