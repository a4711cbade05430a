import type { LifecycleEventType, LifecycleReason } from '@rollcall/protocol/lifecycle'
import { whoMakesRoom } from '../../make-room.ts'
import type { Moment } from '../../moment.ts'
import { discardReasonOf } from '../../registrations.ts'
import type {
  RegisterOutcome,
  RegisterRequest,
  Registration,
  RegistrationStore,
  Sighting,
} from '../../store.ts'
import { type Engine, momentOf, removeRegistration } from '../engine.ts'
import { registrationKey } from '../keys.ts'
import { isLive, RegistrationRecord, toRegistration } from './record.ts'
import { encodeIdentity } from './registration-row.ts'

export function embeddedRegistrations(engine: Engine): RegistrationStore {
  const { journal, links, serviceTime, table } = engine
  return {
    async register(request, endpointsMax) {
      journal.assertWritable()
      const made = register(engine, request, endpointsMax, momentOf(engine))
      if (made === undefined) return { kind: 'too_many_endpoints' }
      await journal.durable()
      const { record, refreshed, madeRoom } = made
      const registration = toRegistration(record, serviceTime.nowMs())
      return { kind: 'registered', registration, refreshed, ...(madeRoom && { madeRoom }) }
    },
    async keepalive(endpoint, authorizedUntilWallMs) {
      journal.assertWritable()
      const at = momentOf(engine)
      const record = table.findLive(endpoint, at.heardMs)
      if (record === undefined) return undefined
      renew(engine, record, authorizedUntilWallMs ?? 0, at)
      return toRegistration(record, at.nowMs)
    },
    async unregister(endpoint, reason = 'requested') {
      journal.assertWritable()
      const at = momentOf(engine)
      const record = table.findLive(endpoint, at.heardMs)
      if (record === undefined) return undefined
      tell(engine, 'UserEndpointUnregisteredEvent', record, reason, at)
      removeRegistration(engine, record, discardReasonOf(reason), at)
      await journal.durable()
      return toRegistration(record, at.nowMs)
    },
    async forgetWakeUp(registration, wakeUp) {
      journal.assertWritable()
      const record = table.lookUp(registration)
      const kept = record?.wakeUp
      if (record === undefined || kept === undefined || Buffer.compare(kept, wakeUp) !== 0) return false
      table.setWakeUp(record, undefined)
      journal.put('registrations', registrationKey(record.registrationId), encodeIdentity(record))
      return true
    },
    async listWakeable(after, max) {
      journal.assertOpen()
      return listWakeable(engine, after, max)
    },
    async look(addressees) {
      journal.assertOpen()
      const [nowMs, heardMs] = [serviceTime.nowMs(), serviceTime.heardMs()]
      // For each event there is: no list is made of lists.
      const sightings: Sighting<'depth' | 'link'>[] = []
      for (const addressee of addressees)
        for (const record of table.reached(addressee, heardMs))
          sightings.push({
            registration: toRegistration(record, nowMs),
            depth: record.mailbox?.depth ?? 0,
            link: links.of(record.registrationId),
          })
      return sightings
    },
  }
}

/** There are few that can be woken, next to all that there are. */
function listWakeable({ table, serviceTime }: Engine, after: number, max: number) {
  const heardMs = serviceTime.heardMs()
  const ids = [...table.wakeable.values()]
    .filter(
      (record) => record.mailbox !== undefined && record.registrationId > after && isLive(record, heardMs),
    )
    .map(({ registrationId }) => registrationId)
    .sort((one, other) => one - other)
  const registrations = ids.slice(0, max).flatMap((id) => {
    const record = table.wakeable.get(id)
    return record === undefined ? [] : [toRegistration(record, serviceTime.nowMs())]
  })
  return { registrations, next: ids.length > max ? ids[max - 1] : undefined }
}

type Made = Omit<Extract<RegisterOutcome, { readonly kind: 'registered' }>, 'kind' | 'registration'> & {
  readonly record: RegistrationRecord
}

/** `undefined`: the user has too many. */
function register(
  engine: Engine,
  request: RegisterRequest,
  endpointsMax: number,
  at: Moment,
): Made | undefined {
  const live = engine.table.findLive(request, at.heardMs)
  if (live !== undefined) {
    refresh(engine, live, request, at)
    return { record: live, refreshed: true }
  }
  const isLinked = request.mayEvict ? (id: number) => engine.links.of(id) !== undefined : undefined
  const leaving = whoMakesRoom(engine.table.listLive(request, at.heardMs), endpointsMax, isLinked)
  if (leaving === undefined) return undefined
  const madeRoom = leaving.map((record) => evict(engine, record, at))
  const made = { record: create(engine, request, at), refreshed: false }
  return madeRoom.length === 0 ? made : { ...made, madeRoom }
}

function evict(engine: Engine, record: RegistrationRecord, at: Moment): Registration {
  tell(engine, 'UserEndpointUnregisteredEvent', record, 'evicted', at)
  removeRegistration(engine, record, 'evicted', at)
  return toRegistration(record, at.nowMs)
}

function create(engine: Engine, request: RegisterRequest, at: Moment): RegistrationRecord {
  const { ids, journal, table, stale } = engine
  const identity = { ...request, registeredAtWallMs: at.nowWallMs }
  const liveness = {
    lastKeepAliveAtWallMs: at.nowWallMs,
    expiresAtMs: at.nowMs + request.keepAliveSeconds * 1000,
    authorizedUntilWallMs: request.authorizedUntilWallMs,
    reminded: false,
  }
  const organizationId = table.intern(request.organizationId)
  const record = new RegistrationRecord(ids.nextRegistrationId++, organizationId, identity, liveness)
  const replaced = table.add(record)
  // Its expiry comes to light before the sweeper saw it, and is not told twice.
  if (replaced !== undefined) tell(engine, 'UserEndpointExpiredEvent', replaced, 'keepalive_missed', at)
  tell(engine, 'UserEndpointRegisteredEvent', record, 'requested', at)
  journal.put('registrations', registrationKey(record.registrationId), encodeIdentity(record))
  stale.mark(record)
  return record
}

/** Adds a change to the feed, in the same commit. */
export function tell(
  { feed }: Engine,
  type: LifecycleEventType,
  record: RegistrationRecord,
  reason: LifecycleReason,
  { nowWallMs }: Moment,
): void {
  if (feed.changes.isWatched(record.organizationId, type)) feed.changes.add(type, record, reason, nowWallMs)
}

function refresh(engine: Engine, record: RegistrationRecord, request: RegisterRequest, at: Moment): void {
  const isChanged =
    record.keepAliveSeconds !== request.keepAliveSeconds ||
    record.serverKeepAliveReminderOn !== request.serverKeepAliveReminderOn ||
    !isSame(record.wakeUp, request.wakeUp)
  record.keepAliveSeconds = request.keepAliveSeconds
  record.serverKeepAliveReminderOn = request.serverKeepAliveReminderOn
  engine.table.setWakeUp(record, request.wakeUp)
  if (isChanged)
    engine.journal.put('registrations', registrationKey(record.registrationId), encodeIdentity(record))
  renew(engine, record, request.authorizedUntilWallMs, at)
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return Buffer.compare(one, other) === 0
}

function renew(engine: Engine, record: RegistrationRecord, authorizedUntilWallMs: number, at: Moment): void {
  record.lastKeepAliveAtWallMs = at.nowWallMs
  record.expiresAtMs = at.nowMs + record.keepAliveSeconds * 1000
  record.reminded = false
  record.authorizedUntilWallMs = Math.max(record.authorizedUntilWallMs, authorizedUntilWallMs)
  engine.table.due.file(record)
  engine.stale.mark(record)
}
