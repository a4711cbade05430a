import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ask } from '../../test/helpers/ask.ts'
import { createFakeClock } from '../../test/helpers/fake-clock.ts'
import { openHttp } from '../../test/helpers/http-fixture.ts'
import { type NoticesOptions, watchNotices } from './notices.ts'
import { Statistics } from './observe/observe.ts'
import { RecentTroubles } from './recent-troubles.ts'

const CERTIFICATE = new URL('../../test/helpers/certificates/first.cert.pem', import.meta.url)

/** Everything is well, but for what a test says. */
function open(changes: Partial<NoticesOptions> = {}) {
  const clock = createFakeClock()
  const organization = { id: 'acme', name: 'Acme', send: [], senderId: false, webhooks: [{} as never] }
  return watchNotices({
    store: { failure: () => undefined, warnings: () => [] },
    shedding: { level: 'calm' },
    webhooks: { list: async () => [] },
    auth: { organizations: () => new Map([['acme', organization]]) },
    recent: { read: () => ({ mailboxFull: 0, expiredLate: 0 }) },
    clock,
    ...changes,
  })
}

const HOOK = {
  id: 'crm',
  url: 'https://crm.example/',
  events: new Set([]),
  enabled: true,
  pending: 0,
  deadLetters: 0,
  lastSuccessAtWallMs: undefined,
  lastFailureAtWallMs: undefined,
  lastFailure: undefined,
  nextAttemptAtWallMs: undefined,
}

test('nothing is said while all is well', async () => {
  const notices = open({
    webhooks: { list: async () => [{ ...HOOK, lastFailureAtWallMs: 1, lastSuccessAtWallMs: 2 }] },
  })
  assert.deepEqual([await notices.read('acme'), await notices.read(null)], [[], []])
})

test('what is wrong is said, the worst first, and of webhooks which it is', async () => {
  const failing = { ...HOOK, lastFailureAtWallMs: 3, lastSuccessAtWallMs: 2, lastFailure: 'timeout' }
  const notices = open({
    store: { failure: () => 'no', warnings: () => ['disk_low'] },
    shedding: { level: 'overloaded' },
    recent: { read: (id) => ({ mailboxFull: id === null ? 9 : 4, expiredLate: 1 }) },
    webhooks: { list: async () => [failing, { ...failing, id: 'off', enabled: false, deadLetters: 2 }] },
  })
  const which = (webhookId: string) => ({ organizationId: 'acme', webhookId })
  assert.deepEqual(await notices.read('acme'), [
    { kind: 'store_unwritable' },
    { kind: 'disk_low' },
    { kind: 'overloaded' },
    { kind: 'mailboxes_full', count: 4 },
    { kind: 'expiries_late', count: 1 },
    { kind: 'webhook_failing', ...which('crm'), failure: 'timeout' },
    { kind: 'dead_letters', ...which('off'), count: 2 },
  ])
  const all = await notices.read(null)
  assert.deepEqual(all[3], { kind: 'mailboxes_full', count: 9 })
  assert.equal(all.length, 7)
})

test('a certificate is told of in its last days, and after its end', async () => {
  const pem = readFileSync(CERTIFICATE)
  const clock = createFakeClock()
  const far = open({ clock: { wallMs: () => 0 } })
  far.setCertificate(pem)
  assert.deepEqual(await far.read('acme'), [])
  const near = open({ clock: { wallMs: () => clock.wallMs() + 1e13 } })
  near.setCertificate(pem)
  const [notice] = await near.read('acme')
  assert.equal(notice?.kind, 'certificate_ends')
})

test('what went wrong is told for five minutes, of each organization and in all', async (t) => {
  const clock = createFakeClock()
  const statistics = new Statistics(0)
  statistics.of('acme').outcome(1, 'mailbox_full', 5)
  const recent = new RecentTroubles(clock, statistics)
  t.after(() => recent.close())
  assert.deepEqual(recent.read('acme'), { mailboxFull: 0, expiredLate: 0 }, 'of before it began')
  statistics.of('acme').outcome(1, 'mailbox_full')
  for (const ms of [999, 1_000, 1_001, 90_000]) statistics.of('globex').expiryLatenessMs.add(ms)
  assert.deepEqual(recent.read('acme'), { mailboxFull: 1, expiredLate: 0 })
  assert.deepEqual(recent.read('globex'), { mailboxFull: 0, expiredLate: 2 })
  assert.deepEqual(recent.read(null), { mailboxFull: 1, expiredLate: 2 })
  await clock.advance(270_000)
  assert.deepEqual(recent.read(null), { mailboxFull: 1, expiredLate: 2 })
  await clock.advance(60_000)
  assert.deepEqual(recent.read(null), { mailboxFull: 0, expiredLate: 0 })
  assert.deepEqual(recent.read('__proto__'), { mailboxFull: 0, expiredLate: 0 })
})

test('notices are for backends, administrators and SERVICE, each of their own', async (t) => {
  const asked: (string | null)[] = []
  const notices = {
    async read(organizationId: string | null) {
      asked.push(organizationId)
      return [{ kind: 'disk_low' } as const]
    },
  }
  const { listen, clock } = await openHttp(t, { notices })
  const url = await listen()
  const get = async (caller: string, query = '') => {
    const headers = { authorization: `Bearer ${caller}` }
    const answer = await ask(url, `GET /rtc-api/notices${query}`, { headers })
    return { status: answer.status, json: JSON.parse(answer.text) }
  }
  const { status, json } = await get('backend', '?organizationId=globex')
  assert.equal(status, 200)
  assert.deepEqual(
    { ...json, version: '' },
    { at: new Date(clock.wallMs()).toISOString(), version: '', docs: true, notices: [{ kind: 'disk_low' }] },
  )
  for (const caller of ['alice', 'bob']) assert.equal((await get(caller)).status, 403)
  assert.equal((await get('nobody')).status, 401)
  assert.equal((await get('service')).status, 200)
  assert.equal((await get('service', '?organizationId=globex')).status, 200)
  assert.equal((await get('service', '?organizationId=acne')).status, 404)
  assert.deepEqual(asked, ['acme', null, 'globex'])
})
