import assert from 'node:assert/strict'
import { LIFECYCLE_EVENTS, type LifecycleEventType } from '@rollcall/protocol/lifecycle'
import type { AppendRequest, HistoryDraft, Registration, Store } from '../../server/src/store/store.ts'
import { entriesOf, linkOf, liveOf } from './mailbox-entries.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }
const BOB = { organizationId: 'acme', userId: 'bob' }
const EVE = { organizationId: 'other', userId: 'eve' }
const ANN = { organizationId: 'other', userId: 'ann' }
const USERS = [ALICE, BOB, EVE, ANN]
const HOOK = { organizationId: 'acme', webhookId: 'hook' }
export const WATCHES = [
  {
    organizationId: 'acme',
    types: new Set(Object.keys(LIFECYCLE_EVENTS) as LifecycleEventType[]),
    webhookIds: ['hook'],
  },
]
const BOUNDS = { eventsMax: 100, bytesMax: 1_000_000 }
export const CLAIM = { owner: BOB, key: 'first try', token: 'token-1', rememberMs: 3_600_000 }
const HASH = (byte: number) => Buffer.alloc(32, byte)

/** Puts something of every kind into a store, and has one endpoint connected. */
export async function fill(store: Store, wallMs: number): Promise<void> {
  await store.feed.watch(WATCHES)
  const register = async (user: typeof ALICE, userEndpointId: string, wakeUp?: Buffer) => {
    const request = { ...user, userEndpointId, keepAliveSeconds: 600, serverKeepAliveReminderOn: true }
    const more = wakeUp === undefined ? {} : { wakeUp }
    const outcome = await store.registrations.register(
      { ...request, authorizedUntilWallMs: wallMs + 9_000_000, ...more },
      10,
    )
    assert(outcome.kind === 'registered')
    return outcome.registration
  }
  const phone = await register(ALICE, 'phone', sealedBy(1))
  await register(ALICE, 'tablet')
  await register(BOB, 'desk')
  await register(EVE, 'watch')
  await register(ANN, 'gone')
  await store.registrations.unregister({ ...ANN, userEndpointId: 'gone' })
  await store.links.attach(phone, linkOf(1))
  await fillMailboxes(store, wallMs, phone)
  await fillFeed(store)
  await fillTokens(store, wallMs)
  await store.directory.change(0, [{ key: 'org/acme', value: Buffer.from('{"a":1}') }])
  await store.audit.add([
    { atWallMs: wallMs, organizationId: 'acme', text: 'one' },
    { atWallMs: wallMs, organizationId: '', text: 'two' },
  ])
  await store.charts.put([
    { organizationId: null, startWallMs: wallMs, points: Buffer.from('all') },
    { organizationId: 'acme', startWallMs: wallMs, points: Buffer.from('acme') },
  ])
}

function draft(user: typeof ALICE, eventId: string, wallMs: number): HistoryDraft {
  const event = Buffer.from(`{"id":"${eventId}"}`)
  const sender = { senderId: 'backend', sentBy: { kind: 'client', id: 'backend' } } as const
  return {
    ...user,
    ...sender,
    eventId,
    type: 'ring',
    qos: 1,
    acceptedAtWallMs: wallMs,
    event,
    masks: ['$.pin'],
  }
}

async function fillMailboxes(store: Store, wallMs: number, phone: Registration): Promise<void> {
  const append = (user: typeof ALICE, eventId: string, more: Partial<AppendRequest> = {}) => {
    const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: wallMs }
    const request = { ...user, event, record: draft(user, eventId, wallMs), ...BOUNDS }
    return store.mailboxes.append({ ...request, ...more })
  }
  const cancel = { eventId: 'cancel', payload: Buffer.from('cancel'), sealed: false }
  const cancelOthers = { ...cancel, record: draft(ALICE, 'cancel', wallMs) }
  await append(ALICE, 'plain')
  await append(ALICE, 'race', { cancelOthers })
  await append(ALICE, 'collapsing', { collapseKey: 'k' })
  const call = { senderId: 'acme/backend', endsAtWallMs: wallMs + 3_000_000, masks: ['$.card'], cancelOthers }
  await append(ALICE, 'call', { call })
  const sealed = { eventId: 'sealed', payload: sealedBy(1), sealed: true, acceptedAtWallMs: wallMs }
  await append(ALICE, 'sealed', { event: { ...sealed, expiresAtWallMs: wallMs + 5_000_000 } })
  assert.equal((await store.replies.claim(CLAIM, BOB)).kind, 'claimed')
  await append(BOB, 'answered once', { idempotency: CLAIM })
  await store.replies.answer(CLAIM, { eventId: 'answered once', count: 1 })
  await append(BOB, 'answered')
  await append(EVE, 'elsewhere')
  const [entry] = await store.mailboxes.take(phone, linkOf(1), 0, 1, 1e6)
  assert(entry !== undefined)
  store.history.note({ registration: phone, sequence: entry.sequence }, 'sent')
  await store.mailboxes.end(
    [{ registration: phone, sequence: entry.sequence, eventId: entry.eventId }],
    'acknowledged',
    BOUNDS,
  )
  store.history.add(draft(EVE, 'at once', wallMs), [{ userEndpointId: 'watch', outcome: 'sent' }])
}

async function fillFeed(store: Store): Promise<void> {
  const lease = await store.webhooks.lease(HOOK, 60_000)
  assert(lease !== undefined)
  const [first, second] = await store.feed.read('acme', 0, 2)
  assert(first !== undefined && second !== undefined)
  await store.webhooks.bury(lease, [{ entry: first, failure: 'timeout' }], first.sequence)
  await store.webhooks.begin(lease, second.sequence)
  await store.webhooks.release(lease)
}

async function fillTokens(store: Store, wallMs: number): Promise<void> {
  const family = { familyId: 'f', clientId: 'app', userId: 'alice', organizationId: 'acme', scope: 'all' }
  const times = { createdAtWallMs: wallMs, expiresAtWallMs: wallMs + 9_000_000 }
  const kept = { ...family, ...times, currentHash: HASH(1), basis: 'password', lastRotation: undefined }
  await store.refreshFamilies.create(kept, 5)
  await store.refreshFamilies.create({ ...kept, familyId: 'g', createdAtWallMs: wallMs + 1 }, 5)
  const successor = { currentHash: HASH(2), salt: HASH(3), repeatableMs: 60_000, basis: 'password' }
  await store.refreshFamilies.rotate('f', HASH(1), {
    ...{ ...successor, organizationId: 'acme' },
    expiresAtWallMs: wallMs + 9_000_000,
  })
  await store.revokedTokens.add({ tokenKey: 'iss jti', untilWallMs: wallMs + 9_000_000, owner: ALICE })
  await store.revokedUsers.add({ ...BOB, notBeforeWallMs: wallMs, untilWallMs: wallMs + 9_000_000 })
  await store.signingKeys.add({
    keyId: 'key',
    privateKeyPem: sealedBy(1).toString('base64'),
    createdAtWallMs: wallMs,
  })
}

/** What looks as if the key of this number had sealed it. */
function sealedBy(key: number): Buffer {
  return Buffer.concat([Buffer.of(1, 0, 0, 0, key), Buffer.from('sealed')])
}

/** Everything that can be read, without the numbers that a store gives of its own. */
export async function readAll(store: Store) {
  const acme = 'acme'
  const { records } = await store.history.list({}, undefined, 1_000)
  return {
    users: await Promise.all(USERS.map((user) => readUser(store, user))),
    records: records.map(({ recordId: _, endpoints, ...record }) => ({
      ...record,
      event: String(record.event),
      endpoints,
    })),
    feed: await store.feed.read(acme, 0, 1_000),
    webhooks: await store.webhooks.list(),
    position: await store.webhooks.position(HOOK),
    letters: await store.deadLetters.list(HOOK, 0, 10),
    families: await Promise.all(['f', 'g'].map((id) => familyOf(store, id))),
    revoked: [
      await store.revokedTokens.list(),
      await store.revokedUsers.list(),
      await store.signingKeys.list(),
    ],
    directory: await directoryOf(store),
    audit: (await store.audit.read(undefined, undefined, 10)).map(({ sequence: _, ...line }) => line),
    charts: await Promise.all(
      [null, acme].map(async (id) => (await store.charts.list(id, 0)).map(({ points }) => String(points))),
    ),
    totals: await store.totals(),
  }
}

async function readUser(store: Store, user: typeof ALICE) {
  const live = await liveOf(store, user)
  const call = await store.calls.find(user, 'call')
  return {
    live: await Promise.all(
      live.map(async ({ remainingMs, wakeUp, ...registration }) => ({
        ...registration,
        lasts: remainingMs > 550_000,
        wakeUp: wakeUp && Buffer.from(wakeUp).toString('hex'),
        entries: (await entriesOf(store, registration)).map(({ sequence: _, payload, ...entry }) => ({
          ...entry,
          payload: Buffer.from(payload).toString('hex'),
        })),
      })),
    ),
    call: call && { ...call, recordId: call.recordId > 0 },
    seen: await store.lastSeen.find(user),
    listed: (await store.users.list(user.organizationId, { prefix: '', after: '', max: 10 })).users,
  }
}

async function familyOf(store: Store, familyId: string) {
  const family = await store.refreshFamilies.find(familyId)
  if (family?.lastRotation === undefined) return family
  const { repeatableUntilMs, ...rotation } = family.lastRotation
  const isRepeatable = repeatableUntilMs > store.serviceTime.nowMs() + 30_000
  return { ...family, lastRotation: { ...rotation, isRepeatable } }
}

async function directoryOf(store: Store) {
  const { revision, entries } = await store.directory.read()
  return { revision, entries: entries.map(({ key, value }) => [key, String(Buffer.from(value))]) }
}
