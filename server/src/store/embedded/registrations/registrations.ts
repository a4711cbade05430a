import type { LifecycleEventType, LifecycleReason } from '@rollcall/protocol/lifecycle'
import { afterThisTurn } from '../../../clock/clock.ts'
import { whoMakesRoom } from '../../make-room.ts'
import type {
  Decision,
  Moment,
  RegisterOutcome,
  RegisterRequest,
  Registration,
  RegistrationStore,
} from '../../store.ts'
import { type Engine, removeRegistration } from '../engine.ts'
import { registrationKey } from '../keys.ts'
import { isLive, RegistrationRecord, toRegistration } from './record.ts'
import { encodeIdentity } from './registration-row.ts'

/** Registrations looked at by one `claimDue` before everybody else gets a turn. */
const LOOKED_AT_MAX = 10_000

export function embeddedRegistrations(engine: Engine): RegistrationStore {
  const { journal, table } = engine
  return {
    async register(request, endpointsMax, at) {
      journal.assertWritable()
      const outcome = register(engine, request, endpointsMax, at)
      if (outcome.kind === 'registered') await journal.durable()
      return outcome
    },
    async keepalive(endpoint, authorizedUntilWallMs, at) {
      journal.assertWritable()
      const record = table.findLive(endpoint, at.heardMs ?? at.nowMs)
      if (record === undefined) return undefined
      renew(engine, record, authorizedUntilWallMs ?? 0, at)
      return toRegistration(record)
    },
    async unregister(endpoint, nowMs, reason = 'requested') {
      journal.assertWritable()
      const record = table.findLive(endpoint, nowMs)
      if (record === undefined) return undefined
      tell(engine, 'UserEndpointUnregisteredEvent', record, reason, nowMs)
      removeRegistration(engine, record, nowMs)
      await journal.durable()
      return toRegistration(record)
    },
    async find(endpoint, nowMs) {
      journal.assertOpen()
      const record = table.findLive(endpoint, nowMs)
      return record === undefined ? undefined : toRegistration(record)
    },
    async list(user, nowMs) {
      journal.assertOpen()
      return table.listLive(user, nowMs).map(toRegistration)
    },
    claimDue: (nowMs, max) => claimDue(engine, nowMs, max),
    carryOut: async (decisions, nowMs) => carryOut(engine, decisions, nowMs),
  }
}

function register(
  engine: Engine,
  request: RegisterRequest,
  endpointsMax: number,
  at: Moment,
): RegisterOutcome {
  const heardMs = at.heardMs ?? at.nowMs
  const live = engine.table.findLive(request, heardMs)
  if (live !== undefined) {
    refresh(engine, live, request, at)
    return { kind: 'registered', registration: toRegistration(live), refreshed: true }
  }
  const leaving = whoMakesRoom(engine.table.listLive(request, heardMs), endpointsMax, request.isLinked)
  if (leaving === undefined) return { kind: 'too_many_endpoints' }
  const madeRoom = leaving.map((record) => evict(engine, record, at.nowMs))
  const record = create(engine, request, at)
  const outcome = { kind: 'registered', registration: toRegistration(record), refreshed: false } as const
  return madeRoom.length === 0 ? outcome : { ...outcome, madeRoom }
}

function evict(engine: Engine, record: RegistrationRecord, nowMs: number): Registration {
  tell(engine, 'UserEndpointUnregisteredEvent', record, 'evicted', nowMs)
  removeRegistration(engine, record, nowMs)
  return toRegistration(record)
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
  if (replaced !== undefined) tell(engine, 'UserEndpointExpiredEvent', replaced, 'keepalive_missed', at.nowMs)
  tell(engine, 'UserEndpointRegisteredEvent', record, 'requested', at.nowMs)
  journal.put('registrations', registrationKey(record.registrationId), encodeIdentity(record))
  stale.mark(record)
  return record
}

/** Adds a change to the feed, in the same commit. */
function tell(
  { feed, serviceTime }: Engine,
  type: LifecycleEventType,
  record: RegistrationRecord,
  reason: LifecycleReason,
  nowMs: number,
): void {
  if (feed.changes.isWatched(record.organizationId, type))
    feed.changes.add(type, record, reason, Math.round(serviceTime.toWallMs(nowMs)))
}

function refresh(engine: Engine, record: RegistrationRecord, request: RegisterRequest, at: Moment): void {
  const isChanged =
    record.keepAliveSeconds !== request.keepAliveSeconds ||
    record.serverKeepAliveReminderOn !== request.serverKeepAliveReminderOn
  record.keepAliveSeconds = request.keepAliveSeconds
  record.serverKeepAliveReminderOn = request.serverKeepAliveReminderOn
  if (isChanged)
    engine.journal.put('registrations', registrationKey(record.registrationId), encodeIdentity(record))
  renew(engine, record, request.authorizedUntilWallMs, at)
}

function renew(engine: Engine, record: RegistrationRecord, authorizedUntilWallMs: number, at: Moment): void {
  record.lastKeepAliveAtWallMs = at.nowWallMs
  record.expiresAtMs = at.nowMs + record.keepAliveSeconds * 1000
  record.reminded = false
  record.authorizedUntilWallMs = Math.max(record.authorizedUntilWallMs, authorizedUntilWallMs)
  engine.table.due.file(record)
  engine.stale.mark(record)
}

async function claimDue(
  { journal, table }: Engine,
  nowMs: number,
  max: number,
): Promise<readonly Registration[]> {
  journal.assertReadable()
  while (!table.due.open(nowMs, LOOKED_AT_MAX)) await new Promise<void>((resolve) => afterThisTurn(resolve))
  const claimed: Registration[] = []
  while (claimed.length < max) {
    const record = table.due.take(nowMs)
    if (record === undefined) break
    record.claimed = true
    claimed.push(toRegistration(record))
  }
  return claimed
}

/** A refusal ends the claims too, or those registrations would never be handed out again. */
function carryOut(engine: Engine, decisions: readonly Decision[], nowMs: number): readonly Decision[] {
  try {
    engine.journal.assertReadable()
  } catch (error) {
    for (const { registration } of decisions) release(engine, registration)
    throw error
  }
  return decisions.filter((decision) => carryOutOne(engine, decision, nowMs))
}

function release({ table }: Engine, registration: Registration): RegistrationRecord | undefined {
  const record = table.lookUp(registration)
  if (record === undefined) return undefined
  record.claimed = false
  table.due.file(record)
  return record
}

function carryOutOne(engine: Engine, { registration, step }: Decision, nowMs: number): boolean {
  const record = release(engine, registration)
  if (record === undefined || record.expiresAtMs !== registration.expiresAtMs) return false
  switch (step) {
    case 'wait':
      return true
    case 'remind':
      record.reminded = true
      engine.stale.mark(record)
      return true
    case 'expire':
      if (isLive(record, nowMs)) return false
      if (!engine.table.isReplaced(record))
        tell(engine, 'UserEndpointExpiredEvent', record, 'keepalive_missed', nowMs)
      removeRegistration(engine, record, nowMs)
      return true
  }
}
