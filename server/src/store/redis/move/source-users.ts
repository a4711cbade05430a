import type { ItemOf, Put } from '../../move/items.ts'
import type { UserKey } from '../../store.ts'
import { bytes, isYes, list, number, optional, text, texts } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { toRegistration } from '../registrations/rows.ts'
import type { PartitionReader } from './partition-reader.ts'
import { userOf } from './source-books.ts'

/** Hands over the users of a partition, one after the other: registrations, what waits for them, and calls. */
export async function sendUsers(reader: PartitionReader, put: Put): Promise<void> {
  const callers = new Set<string>()
  for await (const [name = null] of reader.rows('callers')) callers.add(text(name).split('\n', 1).join())
  for (const organization of await reader.all('organizations')) {
    const organizationId = text(organization)
    for (let after: string | undefined = ''; after !== undefined; ) {
      const [last = null, ...users] = list(await reader.ask('registrations', organizationId, after))
      for (const user of users) {
        const [userId, registrations] = list(user)
        const key = { organizationId, userId: text(userId) }
        await sendUser(reader, key, list(registrations).map(list), put)
        if (callers.delete(`${organizationId}/${key.userId}`)) await sendCalls(reader, key, put)
      }
      after = optional(last, text)
    }
  }
  for (const name of callers) await sendCalls(reader, userOf(name), put)
}

async function sendUser(
  reader: PartitionReader,
  user: UserKey,
  registrations: readonly (readonly Answer[])[],
  put: Put,
): Promise<void> {
  const sorted = registrations.toSorted((a, b) => number(a[3]) - number(b[3]))
  for (const row of sorted) {
    const item = toRegistration(row)
    put('registration', isYes(row[12]) ? { ...item, isReplaced: true } : item)
  }
  const races = new Set<string>()
  for (const row of sorted) if (number(row[13]) > 0) await sendMailbox(reader, user, text(row[3]), races, put)
}

async function sendMailbox(
  reader: PartitionReader,
  user: UserKey,
  registrationId: string,
  races: Set<string>,
  put: Put,
): Promise<void> {
  for await (const row of reader.following('entries', registrationId)) {
    const raceId = optional(row[7] ?? null, text)
    if (raceId !== undefined && !races.has(raceId)) {
      races.add(raceId)
      const [found = null] = list(await reader.ask('races', '', '', [raceId]))
      const cancel = optional(found, toCancel)
      if (cancel !== undefined) put('race', { ...user, raceId: Number(raceId), cancel })
    }
    put('entry', toEntry(row, user, Number(registrationId)))
  }
}

function toEntry(row: readonly Answer[], user: UserKey, registrationId: number): ItemOf<'entry'> {
  const expiresAtWallMs = optional(row[5], number)
  const collapseKey = optional(row[6], text)
  const raceId = optional(row[7], number)
  const recordId = optional(row[9], number)
  return {
    ...{ ...user, registrationId, sequence: number(row[0]), eventId: text(row[1]), payload: bytes(row[2]) },
    sealed: isYes(row[3]),
    acceptedAtWallMs: number(row[4]),
    ...(expiresAtWallMs === undefined ? {} : { expiresAtWallMs }),
    ...(collapseKey === undefined ? {} : { collapseKey }),
    ...(raceId === undefined ? {} : { raceId }),
    ...(isYes(row[8]) ? { isCalled: true } : {}),
    // Lua counts from 1.
    ...(recordId === undefined ? {} : { record: { recordId, part: number(row[10]) - 1 } }),
  }
}

async function sendCalls(reader: PartitionReader, user: UserKey, put: Put): Promise<void> {
  for (const call of await reader.all('calls', `${user.organizationId}/${user.userId}`)) {
    const [eventId, senderId, qos, recordId, endsAtWallMs, masks, winner, parts, cancel] = list(call)
    const given = { masks: optional(masks, texts), winner: optional(winner, text) }
    const others = optional(cancel, toCancel)
    put('call', {
      ...{ ...user, eventId: text(eventId), senderId: text(senderId), qos: number(qos) === 1 ? 1 : 0 },
      endsAtWallMs: number(endsAtWallMs),
      recordId: number(recordId),
      ...(given.masks === undefined ? {} : { masks: given.masks }),
      ...(given.winner === undefined ? {} : { winner: given.winner }),
      parts: list(parts).map(toPart),
      ...(others === undefined ? {} : { cancel: others }),
    })
  }
}

function toPart(answer: Answer): ItemOf<'call'>['parts'][number] {
  const [userEndpointId, registrationId, sequence] = list(answer)
  return {
    userEndpointId: text(userEndpointId),
    registrationId: number(registrationId),
    sequence: number(sequence),
  }
}

function toCancel(answer: Answer): ItemOf<'race'>['cancel'] {
  const [eventId, payload, sealed, draft, event] = list(answer)
  const cancel = { eventId: text(eventId), payload: bytes(payload), sealed: isYes(sealed) }
  const record = optional(draft, (found) => {
    const [fields, acceptedAtWallMs] = list(found)
    return { ...JSON.parse(text(fields)), acceptedAtWallMs: number(acceptedAtWallMs), event: bytes(event) }
  })
  return record === undefined ? cancel : { ...cancel, record }
}
