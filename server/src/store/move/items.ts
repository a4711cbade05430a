import { DISCARD_REASONS, HISTORY_OUTCOMES } from '@rollcall/protocol/history'
import { isLifecycleEventType, LIFECYCLE_EVENTS } from '@rollcall/protocol/lifecycle'
import { FormError, listOf, oneOf, type Reader, readFlag } from '../../parse/parse.ts'
import type { FeedEntry } from '../feed.ts'
import { bytes, is, may, number, shaped, text } from './shape.ts'

const user = { organizationId: is(text), userId: is(text) }
const endpoint = { ...user, userEndpointId: is(text) }

const sender = shaped({ kind: is(oneOf(['user', 'client', 'service'], 'a kind of sender')), id: is(text) })
const outcome = oneOf(HISTORY_OUTCOMES, 'an outcome')
const noted = shaped({
  outcome: is(outcome),
  atWallMs: is(number),
  reason: may(oneOf(DISCARD_REASONS, 'a reason')),
})

const qos: Reader<0 | 1> = (value, path) => (number(value, path) === 1 ? 1 : 0)

/** A `HistoryDraft`. */
const draft = {
  ...user,
  eventId: is(text),
  type: is(text),
  qos: is(qos),
  acceptedAtWallMs: is(number),
  senderId: is(text),
  sentBy: may(sender),
  event: is(bytes),
  expiresAtWallMs: may(number),
  masks: may(listOf(text)),
}

/** A `CancelDraft`. */
const cancel = shaped({
  eventId: is(text),
  payload: is(bytes),
  sealed: is(readFlag),
  record: may(shaped(draft)),
})

const feedFields = {
  sequence: is(number),
  type: is(text),
  reason: is(text),
  ...endpoint,
  atWallMs: is(number),
  registeredAtWallMs: may(number),
  lastKeepAliveAtWallMs: may(number),
  keepAliveSeconds: may(number),
  connectedAtWallMs: may(number),
  eventId: may(text),
  answer: may(text),
  dropped: may(number),
  fromWallMs: may(number),
}
const readFeedFields = shaped(feedFields)

const feedEntry: Reader<FeedEntry> = (value, path) => {
  const { type, reason, ...rest } = readFeedFields(value, path)
  if (!isLifecycleEventType(type)) throw new FormError(path, 'has a type that nobody knows')
  const known = LIFECYCLE_EVENTS[type].find((one) => one === reason)
  if (known === undefined) throw new FormError(path, 'has a reason that nobody knows')
  return { ...rest, type, reason: known }
}

/**
 * What is moved from one store to another, kind by kind, in the order in which a stream has them: each item as a restart
 * keeps it. Times of the wall clock are as they are, those of service time are told as what is left of them.
 */
export const ITEMS = {
  /** `concealed`: the private key, sealed by the sealing key, as Redis has it. */
  signingKey: shaped({ keyId: is(text), createdAtWallMs: is(number), concealed: is(text) }),
  revokedToken: shaped({
    tokenKey: is(text),
    untilWallMs: is(number),
    owner: may(shaped({ organizationId: is(text), userId: is(text) })),
  }),
  revokedUser: shaped({ ...user, notBeforeWallMs: is(number), untilWallMs: is(number) }),
  /** In the order in which they came. `repeatableForMs`: of service time, from when the source stopped. */
  refreshFamily: shaped({
    familyId: is(text),
    clientId: is(text),
    ...user,
    currentHash: is(bytes),
    scope: is(text),
    createdAtWallMs: is(number),
    expiresAtWallMs: is(number),
    basis: is(text),
    lastRotation: may(shaped({ usedHash: is(bytes), salt: is(bytes), repeatableForMs: is(number) })),
  }),
  directoryRevision: shaped({ revision: is(number) }),
  directoryEntry: shaped({ key: is(text), value: is(bytes) }),
  auditLine: shaped({
    sequence: is(number),
    atWallMs: is(number),
    organizationId: is(text),
    text: is(text),
  }),
  /** Without an organization: of all together. */
  chart: shaped({ organizationId: may(text), startWallMs: is(number), points: is(bytes) }),
  /** By the digest of caller and key: some stores know no more of a key. Owner and all may be empty, in rows of former versions. */
  reply: shaped({
    ...user,
    digest: is(bytes),
    eventId: is(text),
    count: is(number),
    expiresAtWallMs: is(number),
  }),
  lastSeen: shaped({ ...user, seenAtWallMs: is(number) }),
  /** One organization after the other, each in its order. */
  feedEntry: shaped({ entry: is(feedEntry) }),
  webhook: shaped({
    organizationId: is(text),
    webhookId: is(text),
    doneSequence: is(number),
    batch: may(shaped({ lastSequence: is(number), sinceWallMs: is(number) })),
  }),
  deadLetter: shaped({
    organizationId: is(text),
    webhookId: is(text),
    failure: is(text),
    buriedAtWallMs: is(number),
    entry: is(feedEntry),
  }),
  /** An endpoint that was connected when the source ended without a warning: that is still to be told. */
  link: shaped({ registrationId: is(number), entry: is(feedEntry) }),
  /** In the order of acceptance. */
  record: shaped({
    recordId: is(number),
    ...draft,
    endpoints: is(listOf(shaped({ userEndpointId: is(text), at: is(listOf(noted)) }))),
    answered: may(shaped({ userEndpointId: is(text), atWallMs: is(number), answer: may(bytes) })),
  }),
  /** From here on one user after the other. `remainingMs`: from up to when everybody was heard; not above 0: it is over. */
  registration: shaped({
    ...endpoint,
    registrationId: is(number),
    keepAliveSeconds: is(number),
    serverKeepAliveReminderOn: is(readFlag),
    registeredAtWallMs: is(number),
    lastKeepAliveAtWallMs: is(number),
    remainingMs: is(number),
    reminded: is(readFlag),
    authorizedUntilWallMs: is(number),
    wakeUp: may(bytes),
    /** A newer one of the same endpoint has taken its place. */
    isReplaced: may(readFlag),
  }),
  /** What the first acknowledgement sets off; before the entries that run it. */
  race: shaped({ ...user, raceId: is(number), cancel: is(cancel) }),
  /** In the order of its mailbox. */
  entry: shaped({
    ...user,
    registrationId: is(number),
    sequence: is(number),
    eventId: is(text),
    payload: is(bytes),
    sealed: is(readFlag),
    acceptedAtWallMs: is(number),
    expiresAtWallMs: may(number),
    collapseKey: may(text),
    raceId: may(number),
    /** It is part of a call. */
    isCalled: may(readFlag),
    /** Its record in the history, and which of its endpoints, from 0. */
    record: may(shaped({ recordId: is(number), part: is(number) })),
  }),
  /** After the entries that it is made of. Parts without an entry have zeros. */
  call: shaped({
    ...user,
    eventId: is(text),
    senderId: is(text),
    qos: is(qos),
    endsAtWallMs: is(number),
    recordId: is(number),
    masks: may(listOf(text)),
    winner: may(text),
    parts: is(listOf(shaped({ userEndpointId: is(text), registrationId: is(number), sequence: is(number) }))),
    cancel: may(cancel),
  }),
} as const

export type ItemKind = keyof typeof ITEMS
export type ItemOf<Kind extends ItemKind> = ReturnType<(typeof ITEMS)[Kind]>
/** A kind, and an item of it. */
export type Item = { [Kind in ItemKind]: readonly [Kind, ItemOf<Kind>] }[ItemKind]

/** Takes what a source has, one after the other. */
export type Put = <Kind extends ItemKind>(kind: Kind, item: ItemOf<Kind>) => void

export function readItem(kind: string, value: unknown): Item {
  if (!Object.hasOwn(ITEMS, kind)) throw new FormError('', `has an item of kind ${kind}, which nobody knows`)
  const known = kind as ItemKind
  return [known, ITEMS[known](value, known)] as Item
}
