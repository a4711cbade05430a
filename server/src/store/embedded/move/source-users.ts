import type { ItemOf, Put } from '../../move/items.ts'
import type { UserKey } from '../../store.ts'
import { numberKey, readNumberKey, userName } from '../keys.ts'
import type { loadRegistrations } from '../load.ts'
import { type CallValues, decodeCall } from '../mailboxes/call-row.ts'
import { readEntry } from '../mailboxes/entry-rows.ts'
import { decodeRace } from '../mailboxes/race-row.ts'
import type { RegistrationRecord, Term } from '../registrations/record.ts'
import type { Rows } from '../rows.ts'
import type { RecordPlaces } from './source-history.ts'

type KeptCall = { readonly callId: number; readonly values: CallValues }

type Loaded = Awaited<ReturnType<typeof loadRegistrations>>

export type UsersOf = {
  readonly rows: Rows
  readonly loaded: Loaded
  readonly places: RecordPlaces
  /** Up to when everybody was heard: whoever lived at it lives. */
  readonly heardMs: number
}

type Users = UsersOf & {
  readonly calls: Map<string, KeptCall[]>
  readonly replaced: ReadonlyMap<string, readonly RegistrationRecord[]>
}

/** Hands over user after user: registrations, what waits for them, and calls. */
export async function sendUsers(users: UsersOf, put: Put): Promise<void> {
  const { table } = users.loaded
  const replaced = new Map<string, RegistrationRecord[]>()
  for (const record of table.replaced) listIn(replaced, userName(record)).push(record)
  const all = { ...users, calls: await readCalls(users.rows), replaced }
  for (const organizationId of table.whose.organizationIds())
    for (const userId of table.whose.userIds(organizationId)) sendUser(all, { organizationId, userId }, put)
  // The rest is of users without a registration.
  for (const calls of all.calls.values()) for (const call of calls) sendCall(all.rows, call, put)
}

async function readCalls(rows: Rows): Promise<Map<string, KeptCall[]>> {
  const calls = new Map<string, KeptCall[]>()
  await rows.scan('calls', (key, value) => {
    const call = { callId: readNumberKey(key), values: decodeCall(value) }
    listIn(calls, userName(call.values)).push(call)
  })
  return calls
}

function sendUser(users: Users, user: UserKey, put: Put): void {
  const { rows, loaded, calls, heardMs } = users
  const name = userName(user)
  const former = users.replaced.get(name) ?? []
  const records = [...former, ...loaded.table.allOf(user).filter((record) => !former.includes(record))]
  for (const record of records) {
    const item = registrationOf(record, heardMs)
    put('registration', former.includes(record) ? { ...item, isReplaced: true } : item)
  }
  const own = calls.get(name) ?? []
  const called = new Set(own.flatMap(({ values }) => values.parts.map(({ sequence }) => sequence)))
  sendRaces(rows, records, user, put)
  for (const record of records) sendMailbox(users, record, called, put)
  for (const call of own) sendCall(rows, call, put)
  calls.delete(name)
}

function registrationOf(record: RegistrationRecord, heardMs: number): ItemOf<'registration'> {
  const { organizationId, userId, userEndpointId, registrationId, wakeUp } = record
  return {
    ...{ organizationId, userId, userEndpointId, registrationId },
    keepAliveSeconds: record.keepAliveSeconds,
    serverKeepAliveReminderOn: record.serverKeepAliveReminderOn,
    registeredAtWallMs: record.registeredAtWallMs,
    lastKeepAliveAtWallMs: record.lastKeepAliveAtWallMs,
    remainingMs: record.expiresAtMs - heardMs,
    reminded: record.reminded,
    authorizedUntilWallMs: record.authorizedUntilWallMs,
    ...(wakeUp === undefined ? {} : { wakeUp }),
  }
}

/** Those that somebody runs still. */
function sendRaces(rows: Rows, records: readonly RegistrationRecord[], user: UserKey, put: Put): void {
  const terms = records.flatMap(({ mailbox }) => [...(mailbox?.terms() ?? [])])
  const raceIds = new Set(terms.map(({ raceId }) => raceId))
  for (const raceId of raceIds) {
    const row = raceId === 0 ? undefined : rows.get('races', numberKey(raceId))
    if (row !== undefined) put('race', { ...user, raceId, cancel: decodeRace(row) })
  }
}

function sendMailbox(
  { rows, loaded, places }: Users,
  record: RegistrationRecord,
  called: ReadonlySet<number>,
  put: Put,
): void {
  const { organizationId, userId, registrationId, mailbox } = record
  const entries = mailbox?.after(0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY) ?? []
  for (const { sequence, size: payloadBytes } of entries) {
    const key = { registrationId, sequence, payloadBytes }
    const event = readEntry({ payloads: loaded.payloads.book, rows }, key)
    if (event === undefined) continue
    const place = places.get(sequence)
    put('entry', {
      ...{ organizationId, userId, registrationId, sequence },
      ...event,
      ...termsOf(mailbox?.termOf(sequence)),
      ...(called.has(sequence) ? { isCalled: true } : {}),
      ...(place === undefined ? {} : { record: place }),
    })
  }
}

function termsOf(
  term: Term | undefined,
): Pick<ItemOf<'entry'>, 'expiresAtWallMs' | 'collapseKey' | 'raceId'> {
  if (term === undefined) return {}
  const { expiresAtWallMs, collapseKey, raceId } = term
  return {
    ...(expiresAtWallMs === Number.POSITIVE_INFINITY ? {} : { expiresAtWallMs }),
    ...(collapseKey === '' ? {} : { collapseKey }),
    ...(raceId === 0 ? {} : { raceId }),
  }
}

function sendCall(rows: Rows, { callId, values }: KeptCall, put: Put): void {
  const { winner, masks, cancelBytes, ...call } = values
  const row = cancelBytes === 0 ? undefined : rows.get('cancels', numberKey(callId))
  put('call', {
    ...call,
    ...(masks === undefined ? {} : { masks }),
    ...(winner === '' ? {} : { winner }),
    ...(row === undefined ? {} : { cancel: decodeRace(row) }),
  })
}

function listIn<T>(map: Map<string, T[]>, name: string): T[] {
  const known = map.get(name)
  if (known !== undefined) return known
  const list: T[] = []
  map.set(name, list)
  return list
}
