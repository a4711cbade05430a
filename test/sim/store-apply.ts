import type {
  CallDraft,
  CancelDraft,
  Cancellation,
  Claim,
  HistoryDraft,
  HistoryRecord,
  Reply,
  UserKey,
} from '../../server/src/store/store.ts'
import { linkOf } from '../helpers/mailbox-entries.ts'
import type { Command } from './store-commands.ts'
import type { Side } from './store-side.ts'

const BOUNDS = { eventsMax: 4, bytesMax: 10_030 }

type Of<Name extends Command['do']> = Extract<Command, { do: Name }>

/** Does a command to one store, and gives its answer in terms that both stores share. */
export async function apply(command: Command, side: Side, wallMs: number): Promise<unknown> {
  switch (command.do) {
    case 'append':
      return append(command, side, wallMs)
    case 'read':
      return read(command, side)
    case 'attach':
    case 'detach':
    case 'claim':
      return applyToLinks(command, side)
    case 'end':
      return end(command, side)
    case 'answerEvent':
      return answerEvent(command, side)
    case 'answer':
      return reply(command, side)
    case 'addRecord':
    case 'note':
    case 'findRecord':
    case 'listRecords':
      return applyToHistory(command, side, wallMs)
    case 'createFamily':
    case 'rotate':
    case 'revokeFamily':
    case 'revokeFamilies':
    case 'revokeToken':
    case 'revokeUser':
      return applyToTokens(command, side, wallMs)
    case 'advance':
    case 'stall':
    case 'restart':
      return undefined
    default:
      return applyToRegistrations(command, side)
  }
}

async function applyToRegistrations(
  command: Of<'register' | 'keepalive' | 'unregister' | 'look' | 'lastSeen' | 'sweep'>,
  side: Side,
): Promise<unknown> {
  const { registrations } = side.store
  switch (command.do) {
    case 'register':
      return register(command, side)
    case 'keepalive':
      return side.plain(await registrations.keepalive(command.endpoint, command.authorized))
    case 'unregister':
      return side.plain(await registrations.unregister(command.endpoint))
    case 'look': {
      const { organizationId, userId } = command.endpoint
      const addressees = [command.endpoint, { organizationId, userId }]
      const sightings = await registrations.look(addressees, { depth: true, link: true })
      return sightings.map((one) => [side.plain(one.registration), one.depth, one.link?.linkId])
    }
    case 'lastSeen':
      return side.store.lastSeen.find(command.endpoint)
    case 'sweep': {
      const { reminded, expired, lapsed } = await side.store.sweep(command.max)
      const entries = side.plainPositions(lapsed).sort((a, b) => a.ordinal - b.ordinal)
      const swept = { reminded: side.plainAll(reminded), expired: side.plainAll(expired), entries }
      return reminded.length + expired.length + entries.length === 0 ? undefined : swept
    }
  }
}

async function register(command: Of<'register'>, side: Side): Promise<unknown> {
  const request = {
    ...command.endpoint,
    keepAliveSeconds: command.keepAliveSeconds,
    serverKeepAliveReminderOn: command.reminder,
    authorizedUntilWallMs: command.authorized,
    mayEvict: command.mayEvict,
  }
  const outcome = await side.store.registrations.register(request, command.endpointsMax)
  return outcome.kind === 'registered'
    ? {
        refreshed: outcome.refreshed,
        registration: side.plain(outcome.registration),
        madeRoom: outcome.madeRoom?.map((one) => side.plain(one)),
      }
    : outcome.kind
}

async function append(command: Of<'append'>, side: Side, wallMs: number): Promise<unknown> {
  const { organizationId, userId, userEndpointId } = command.endpoint
  const claim = claimOf(command, side)
  const found = claim && (await side.store.replies.claim(claim, claim.owner))
  if (found?.kind === 'known') return { again: found.reply }
  const payload = Buffer.alloc(command.bytes, String(side.entries.length % 10))
  const request = {
    organizationId,
    userId,
    ...(command.toAll ? {} : { userEndpointId }),
    event: {
      eventId: `event ${wallMs}`,
      payload,
      sealed: command.toAll,
      acceptedAtWallMs: wallMs,
      ...(command.lifetimeMs === undefined ? {} : { expiresAtWallMs: wallMs + command.lifetimeMs }),
    },
    record: draft(`event ${wallMs}`, command.endpoint, 1, wallMs),
    ...BOUNDS,
    ...(command.collapseKey === undefined ? {} : { collapseKey: command.collapseKey }),
    ...(command.cancels === 'acknowledged' ? { cancelOthers: cancelDraft(command, wallMs) } : {}),
    ...(command.cancels === 'answered' ? { call: callDraft(command, wallMs) } : {}),
    ...(claim === undefined ? {} : { idempotency: claim }),
  }
  side.calls.push({ organizationId, userId, eventId: request.event.eventId })
  const outcome = await side.store.mailboxes.append(request)
  const count = outcome.accepted.length
  if (claim !== undefined && (count > 0 || outcome.full.length === 0))
    await side.store.replies.answer(claim, { eventId: request.event.eventId, count })
  else if (claim !== undefined) await side.store.replies.release(claim)
  return side.plainAppend(outcome, request.event.eventId)
}

function claimOf({ endpoint, key, ttlMs }: Of<'append'>, side: Side): Claim | undefined {
  const { organizationId, userId } = endpoint
  if (key === undefined) return undefined
  return { owner: { organizationId, userId }, key, rememberMs: ttlMs, token: side.newToken() }
}

async function reply({ endpoint, key }: Of<'answer'>, side: Side): Promise<Reply | undefined> {
  const claim = { owner: endpoint, key, rememberMs: 0, token: side.newToken() }
  const found = await side.store.replies.claim(claim, endpoint)
  if (found.kind === 'known') return found.reply
  await side.store.replies.release(claim)
  return undefined
}

function callDraft(command: Of<'append'>, wallMs: number): CallDraft {
  return {
    senderId: command.isAlices ? 'alice' : 'bob',
    endsAtWallMs: wallMs + (command.lifetimeMs ?? 5000),
    masks: ['$.a'],
    cancelOthers: cancelDraft(command, wallMs),
  }
}

function cancelDraft({ endpoint, bytes }: Of<'append'>, wallMs: number): CancelDraft {
  const eventId = `cancel ${wallMs}`
  return {
    eventId,
    payload: Buffer.alloc(bytes, 'c'),
    sealed: false,
    record: draft(eventId, endpoint, 1, wallMs),
  }
}

function draft(
  eventId: string,
  { organizationId, userId }: UserKey,
  qos: 0 | 1,
  wallMs: number,
): HistoryDraft {
  const rest = { type: 'CallOfferedEvent', senderId: 'alice', acceptedAtWallMs: wallMs }
  return { organizationId, userId, eventId, qos, event: Buffer.from('{}'), ...rest }
}

async function applyToHistory(
  command: Of<'addRecord' | 'note' | 'findRecord' | 'listRecords'>,
  side: Side,
  wallMs: number,
): Promise<unknown> {
  const { store, entries } = side
  switch (command.do) {
    case 'addRecord': {
      const { endpoint } = command
      const { userEndpointId } = endpoint
      const record = draft(`event ${wallMs}`, endpoint, 0, wallMs)
      return store.history.add(record, [{ userEndpointId, outcome: 'sent' }])
    }
    case 'note': {
      const entry = entries[entries.length - 1 - (command.pick % Math.max(1, entries.length))]
      return entry && store.history.note(entry, command.outcome)
    }
    case 'findRecord': {
      await side.learnRecords()
      const { records } = await store.history.list(command.query, undefined, 200)
      const picked = records[command.pick % Math.max(1, records.length)]
      return picked && plainRecord(await store.history.find(picked.eventId, command.query), side)
    }
    case 'listRecords': {
      await side.learnRecords()
      const before = command.before === undefined ? undefined : side.recordAt(command.before)
      const { records, next } = await store.history.list(command.query, before, command.max)
      if (records.length === 0) return undefined
      return { records: records.map((one) => plainRecord(one, side)), next: next && side.placeOf(next) }
    }
  }
}

function plainRecord(record: HistoryRecord | undefined, side: Side) {
  if (record === undefined) return undefined
  const { answered, event, ...rest } = record
  const said = answered && { ...answered, answer: Buffer.from(answered.answer ?? []).toString() }
  const place = { recordId: side.placeOf(record.recordId) }
  return { ...rest, ...place, event: Buffer.from(event).toString(), answered: said }
}

async function read({ pick, link, after, entriesMax, bytesMax }: Of<'read'>, side: Side): Promise<unknown> {
  const registration = side.registrations[pick % Math.max(1, side.registrations.length)]
  if (registration === undefined) return undefined
  const { registrationId } = registration
  const own = side.entries.filter((entry) => entry.registration.registrationId === registrationId)
  const afterSequence = own[own.length - after]?.sequence ?? 0
  const { mailboxes } = side.store
  const entries = await mailboxes.take(registration, linkOf(link), afterSequence, entriesMax, bytesMax)
  return entries.map((entry) => side.plainEntry(entry, registration))
}

async function applyToLinks(command: Of<'attach' | 'detach' | 'claim'>, side: Side): Promise<unknown> {
  const { links, mailboxes } = side.store
  const link = linkOf(command.link)
  if (command.do === 'claim') {
    const entry = picked(side.entries, command.pick)
    return entry && mailboxes.claim(entry, link)
  }
  const registration = picked(side.registrations, command.pick)
  if (registration === undefined) return undefined
  if (command.do === 'attach') return links.attach(registration, link)
  return links.detach(registration, link, 'connection_lost')
}

/** One of the newest. */
function picked<T>(all: readonly T[], pick: number): T | undefined {
  return all[all.length - 1 - (pick % Math.max(1, all.length))]
}

/** Some entries, of which one may be named by an event that is not its own. */
async function end({ picks, how, isAnother }: Of<'end'>, side: Side): Promise<unknown> {
  const entries = picks.flatMap((pick, index) => {
    const entry = picked(side.entries, pick)
    if (entry === undefined) return []
    return [index === 0 && isAnother ? { ...entry, eventId: 'another' } : entry]
  })
  const { ended, cancellations, refused } = await side.store.mailboxes.end(entries, how, BOUNDS)
  if (ended.length === 0) return undefined
  const cancelled: unknown[] = []
  for (const cancellation of cancellations) {
    await cancellation.durable
    cancelled.push(await plainCancellation(cancellation, side))
  }
  return { ended: side.plainPositions(ended), cancelled, refused: refused.length }
}

async function plainCancellation({ accepted, full, discarded }: Cancellation, side: Side) {
  return {
    accepted: await side.plainAdded(accepted),
    full: full.map((one) => side.name(one)),
    discarded: side.plainPositions(discarded),
  }
}

/** One of the events sent last, by an endpoint of its user. */
async function answerEvent({ endpoint, pick, said }: Of<'answerEvent'>, side: Side): Promise<unknown> {
  const event = side.calls.at(-1 - pick)
  if (event === undefined) return undefined
  const { organizationId, userId, eventId } = event
  const { calls } = side.store
  const found = await calls.find(event, eventId)
  if (found === undefined) return undefined
  await side.learnRecords()
  const call = { ...found, recordId: side.placeOf(found.recordId) }
  const answer = said === '' ? {} : { answer: Buffer.from(said) }
  const request = { organizationId, userId, userEndpointId: endpoint.userEndpointId, call: found, ...answer }
  const outcome = await calls.answer(request, BOUNDS)
  if (outcome.kind !== 'unknown') await outcome.durable
  if (outcome.kind === 'elsewhere') return { call, kind: outcome.kind, by: outcome.userEndpointId }
  if (outcome.kind !== 'answered') return { call, kind: outcome.kind }
  const { taken, cancellation } = outcome
  return {
    call,
    taken: taken && side.plainPositions([taken]),
    cancellation: cancellation && (await plainCancellation(cancellation, side)),
  }
}

async function applyToTokens(
  command: Of<'createFamily' | 'rotate' | 'revokeFamily' | 'revokeFamilies' | 'revokeToken' | 'revokeUser'>,
  side: Side,
  wallMs: number,
): Promise<unknown> {
  const { store } = side
  switch (command.do) {
    case 'createFamily': {
      const family = {
        familyId: command.family,
        clientId: 'c',
        userId: command.user,
        // Whose a user is, is the same whenever it is asked.
        organizationId: command.user.length % 2 === 0 ? 'acme' : 'globex',
        currentHash: Buffer.from([0]),
        scope: '',
        createdAtWallMs: wallMs,
        expiresAtWallMs: wallMs + command.ttlMs,
        basis: '',
        lastRotation: undefined,
      }
      await store.refreshFamilies.create(family, 2)
      return store.refreshFamilies.find(command.family)
    }
    case 'rotate':
      return rotate(command, side, wallMs)
    case 'revokeFamily':
      await store.refreshFamilies.revoke(command.family)
      return store.refreshFamilies.find(command.family)
    case 'revokeFamilies':
      return store.refreshFamilies.revokeOf(command.user)
    case 'revokeUser': {
      const { organizationId, userId } = command.endpoint
      const times = { notBeforeWallMs: wallMs, untilWallMs: wallMs + command.ttlMs }
      await store.revokedUsers.add({ organizationId, userId, ...times })
      const users = await store.revokedUsers.list()
      return users.map((one) => JSON.stringify(one)).sort()
    }
    case 'revokeToken': {
      await store.revokedTokens.add({ tokenKey: command.token, untilWallMs: wallMs + command.ttlMs })
      const tokens = await store.revokedTokens.list()
      return tokens.map(({ tokenKey, untilWallMs }) => `${tokenKey} ${untilWallMs}`).sort()
    }
  }
}

async function rotate({ family, hash }: Of<'rotate'>, side: Side, wallMs: number): Promise<unknown> {
  const successor = {
    currentHash: Buffer.from([(hash + 1) % 3]),
    salt: Buffer.from([hash]),
    repeatableMs: 1000,
    expiresAtWallMs: wallMs + 2000,
    basis: String(hash),
    organizationId: hash === 0 ? 'acme' : 'globex',
  }
  const outcome = await side.store.refreshFamilies.rotate(family, Buffer.from([hash]), successor)
  if (outcome.kind === 'unknown') return undefined
  // Each store has a service time of its own.
  const { lastRotation, ...rest } = outcome.family
  return { ...outcome, family: { ...rest, lastSalt: lastRotation?.salt } }
}
