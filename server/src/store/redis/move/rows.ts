import type { Item, ItemOf } from '../../move/items.ts'
import type { UserKey } from '../../store.ts'
import { keyOf as chartKey, nameOf as chartName } from '../charts/charts.ts'
import { draftFields } from '../history/drafts.ts'
import { nameOf as userName } from '../known.ts'
import { movedKeyOf } from '../mailboxes/replies.ts'
import { wakeUpText } from '../registrations/rows.ts'
import { REVOKED_TOKEN_ROWS, REVOKED_USER_ROWS } from '../tokens/list-rows.ts'
import { userOf as familiesOf, nameOf as familyName } from '../tokens/refresh-families.ts'
import { type ListRow, timeText } from '../tokens/shared-list.ts'

/** The process that links of the source belong to: it comes back no more. */
export const FORMER_NODE = 'moved/000000'

/** What `move_in` is given of an item. */
export type MovedRow = {
  readonly kind: string
  /** As JSON. What becomes part of a key, or is kept as a text, is one. */
  readonly fields: object
  readonly values: readonly (string | Buffer)[]
}

/** A row, and by which name its partition is found; without one it is what concerns the whole store. */
type Routed = readonly [name: string | undefined, row: MovedRow]

/** As `1-call.lua`. */
const EPOCH_MS = 1_735_689_600_000
const SEQUENCES_PER_MS = 16

/** What an item becomes in Redis. */
export function rowsOf([kind, item]: Item): readonly Routed[] {
  switch (kind) {
    case 'signingKey':
      return [listItem('signing', item.keyId, { rest: JSON.stringify(item), ...FOR_EVER })]
    case 'revokedToken':
      return [listItem('tokens', item.tokenKey, REVOKED_TOKEN_ROWS.toRow(item))]
    case 'revokedUser':
      return [listItem('users', userName(item), REVOKED_USER_ROWS.toRow(item))]
    case 'refreshFamily':
      return familyRows(item)
    case 'directoryRevision':
      return [[undefined, row('directory_revision', item)]]
    case 'directoryEntry':
      return [[undefined, row('directory', { key: item.key }, item.value)]]
    case 'auditLine': {
      const fields = { id: String(item.sequence), at: item.atWallMs, o: item.organizationId }
      return [[undefined, row('line', fields, item.text)]]
    }
    case 'chart': {
      const { organizationId = null, startWallMs, points } = item
      const fields = { key: chartKey(organizationId), start: startWallMs }
      return [[chartName(organizationId), row('chart', fields, points)]]
    }
    case 'reply':
      return [atUser(item, replyRow(item))]
    case 'lastSeen':
      return [atUser(item, row('seen', { ...userFields(item), at: item.seenAtWallMs }))]
    case 'feedEntry': {
      const { organizationId, sequence } = item.entry
      return [[organizationId, row('feed', { o: organizationId, id: String(sequence), entry: item.entry })]]
    }
    case 'webhook':
      return [[item.organizationId, webhookRow(item)]]
    case 'deadLetter':
      return [[item.organizationId, letterRow(item)]]
    case 'link':
      return [atUser(item.entry, linkRow(item))]
    case 'record':
      return [atUser(item, recordRow(item))]
    case 'registration':
      return [atUser(item, registrationRow(item))]
    case 'race': {
      const [fields, ...values] = cancelOf(item.cancel)
      return [atUser(item, row('race', { id: String(item.raceId), cancel: fields }, ...values))]
    }
    case 'entry':
      return [atUser(item, entryRow(item))]
    case 'call':
      return [atUser(item, callRow(item))]
  }
}

const FOR_EVER = { untilWallMs: Number.POSITIVE_INFINITY, notBeforeWallMs: 0 }

function row(kind: string, fields: object, ...values: readonly (string | Uint8Array)[]): MovedRow {
  return {
    kind,
    fields,
    values: values.map((value) => (typeof value === 'string' ? value : Buffer.from(value))),
  }
}

function atUser(user: UserKey, moved: MovedRow): Routed {
  return [userName(user), moved]
}

function userFields({ organizationId, userId }: UserKey) {
  return { o: organizationId, u: userId }
}

function listItem(list: string, key: string, { rest, untilWallMs, notBeforeWallMs }: ListRow): Routed {
  const fields = { list, key, rest, ends: timeText(untilWallMs), begins: String(notBeforeWallMs) }
  return [undefined, row('item', fields)]
}

function familyRows({ lastRotation, currentHash, ...family }: ItemOf<'refreshFamily'>): readonly Routed[] {
  const { familyId: id, userId: u, createdAtWallMs, expiresAtWallMs } = family
  const fields = {
    ...{ id, c: family.clientId, u, o: family.organizationId, s: family.scope, b: family.basis },
    ...{ a: createdAtWallMs, x: expiresAtWallMs, left: lastRotation?.repeatableForMs },
  }
  const hashes = [currentHash, lastRotation?.usedHash ?? '', lastRotation?.salt ?? '']
  const order = (createdAtWallMs - EPOCH_MS) * SEQUENCES_PER_MS
  return [
    [familyName(id), row('family', fields, ...hashes)],
    [familiesOf(u), row('family_of_user', { id, u, order: String(order) })],
  ]
}

function replyRow({ digest, eventId, count, expiresAtWallMs, ...user }: ItemOf<'reply'>): MovedRow {
  const owner = userName(user)
  return row(
    'reply',
    { owner, e: eventId, count, expires: expiresAtWallMs },
    `${owner}/${movedKeyOf(digest)}`,
  )
}

function webhookRow({ organizationId, webhookId, doneSequence, batch }: ItemOf<'webhook'>): MovedRow {
  const begun = batch && { last: String(batch.lastSequence), since: batch.sinceWallMs }
  return row('webhook', { o: organizationId, id: webhookId, done: String(doneSequence), ...begun })
}

function letterRow({
  organizationId,
  webhookId,
  failure,
  buriedAtWallMs,
  entry,
}: ItemOf<'deadLetter'>): MovedRow {
  const { sequence, userId } = entry
  const fields = { o: organizationId, id: webhookId, sequence: String(sequence), failure, at: buriedAtWallMs }
  return row('letter', { ...fields, u: userId }, JSON.stringify(entry))
}

function linkRow({ registrationId, entry }: ItemOf<'link'>): MovedRow {
  return row('link', {
    ...{ id: String(registrationId), ...userFields(entry), e: entry.userEndpointId, node: FORMER_NODE },
    ...{ t: entry.atWallMs, at: entry.registeredAtWallMs ?? 0, seen: entry.lastKeepAliveAtWallMs ?? 0 },
    secs: entry.keepAliveSeconds ?? 0,
  })
}

/** The first outcome of each endpoint is of the acceptance, and what came later beside it. */
function recordRow({ recordId, endpoints, answered, ...draft }: ItemOf<'record'>): MovedRow {
  const parts = endpoints.map(({ userEndpointId, at: [first, ...later] }) => ({
    e: userEndpointId,
    outcome: first?.outcome,
    reason: first?.reason,
    later: later.map(({ outcome, atWallMs, reason }) => ({ outcome, at: atWallMs, reason })),
  }))
  const said = answered && {
    e: answered.userEndpointId,
    at: answered.atWallMs,
    answers: answered.answer !== undefined,
  }
  const fields = { id: String(recordId), d: draftFields(draft), parts, answered: said }
  return row('record', fields, draft.event, answered?.answer ?? '')
}

function registrationRow(item: ItemOf<'registration'>): MovedRow {
  const fields = {
    ...{ ...userFields(item), e: item.userEndpointId, id: String(item.registrationId) },
    ...{ secs: item.keepAliveSeconds, reminds: item.serverKeepAliveReminderOn, at: item.registeredAtWallMs },
    ...{ seen: item.lastKeepAliveAtWallMs, left: item.remainingMs, reminded: item.reminded },
    ...{ auth: item.authorizedUntilWallMs, replaced: item.isReplaced },
  }
  return row('registration', fields, item.wakeUp === undefined ? '' : wakeUpText(item.wakeUp))
}

function entryRow(item: ItemOf<'entry'>): MovedRow {
  const { raceId, record } = item
  const fields = {
    ...{ registration: String(item.registrationId), id: String(item.sequence), e: item.eventId },
    ...{ sealed: item.sealed, at: item.acceptedAtWallMs, expires: item.expiresAtWallMs },
    ...{ collapse: item.collapseKey, race: raceId === undefined ? undefined : String(raceId) },
    called: item.isCalled,
    ...(record === undefined ? {} : { record: String(record.recordId), part: record.part + 1 }),
  }
  return row('entry', fields, item.payload)
}

function callRow(item: ItemOf<'call'>): MovedRow {
  const [cancel, ...values] = item.cancel === undefined ? [] : cancelOf(item.cancel)
  const parts = item.parts.map((part) => [
    part.userEndpointId,
    String(part.registrationId),
    String(part.sequence),
  ])
  const fields = {
    ...{ ...userFields(item), e: item.eventId, sender: item.senderId, qos: item.qos },
    ...{ record: String(item.recordId), ends: item.endsAtWallMs, masks: item.masks, winner: item.winner },
    ...{ parts, cancel },
  }
  return row('call', fields, ...values)
}

function cancelOf({ eventId, payload, sealed, record }: ItemOf<'race'>['cancel']) {
  const fields = { e: eventId, s: sealed, d: record && draftFields(record) }
  return [fields, payload, record?.event ?? ''] as const
}
