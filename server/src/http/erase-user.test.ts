import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { LIMITS_OFF } from '../../../test/helpers/no-limits.ts'
import { createHistory } from '../history/history.ts'
import { createLimits } from '../limits/limits.ts'
import { createMemoryStore } from '../store/memory/memory.ts'

const MARKUP = '<script>alert(1)</script>'

/** A history of 500 events, half of them alice's, and one in which she is `sentBy`. */
async function open(test: TestContext, settings = LIMITS_OFF) {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const asked: string[] = []
  for (let number = 0; number < 500; number++)
    store.history.add(
      {
        organizationId: 'acme',
        userId: number % 2 === 0 ? 'alice' : 'bob',
        eventId: `e${number}`,
        type: 'AThingEvent',
        qos: 0,
        acceptedAtWallMs: clock.wallMs(),
        senderId: number === 1 ? 'alice' : 'backend',
        sentBy: number === 1 ? { kind: 'user', id: 'alice' } : { kind: 'client', id: 'backend' },
        event: Buffer.from(`{"type":"AThingEvent","n":${number}.0,"text":${JSON.stringify(MARKUP)}}`),
      },
      [],
    )
  const fixture = await openHttp(test, {
    clock,
    limits: createLimits({ settings, clock }),
    history: createHistory({ store }),
    erasure: {
      erase(user, rest) {
        asked.push(`${user.organizationId}/${user.userId}`)
        return store.erasure.erase(user, rest)
      },
    },
  })
  const { auth, registrar } = fixture
  const authenticate = auth.authenticate
  auth.authenticate = (token, beforeCheck) => {
    const principal = authenticate(token === 'olivia' ? 'bob' : token, beforeCheck)
    if (token !== 'olivia' || principal instanceof Promise) return principal
    return { ...principal, userId: 'olivia', authorities: ['ROLE_ORGANIZATION_ADMIN'] }
  }
  const url = await fixture.listen()
  for (const userEndpointId of ['phone', 'connected'])
    await registrar.register(
      { organizationId: 'acme', userId: 'alice' },
      { userEndpointId, keepAliveSeconds: 60, serverKeepAliveReminderOn: false },
      0,
    )
  const call = (caller: string, line: string) =>
    ask(url, line, { headers: { authorization: `Bearer ${caller}` } })
  return { ...fixture, clock, call, asked }
}

const ERASE = 'POST /rtc-api/users/alice/erase'
const EXPORT = 'GET /rtc-api/users/alice/export'

describe('a user’s data', () => {
  it('are exported as one JSON object, with the events’ own bytes', async (test) => {
    const { call } = await open(test)
    const answer = await call('olivia', EXPORT)
    assert.deepEqual(
      [answer.status, answer.headers['cache-control'], answer.headers['content-type']],
      [200, 'no-store', 'application/json; charset=utf-8'],
    )
    const exported = JSON.parse(answer.text)
    assert.deepEqual(
      [exported.organizationId, exported.userId, exported.endpoints.length, exported.events.length],
      ['acme', 'alice', 2, 251],
    )
    assert.deepEqual(exported.webhooks, { waiting: [], deadLetters: [] })
    assert.equal(exported.events.at(-2).sentBy.id, 'alice')
    assert.match(answer.text, /"n":498\.0,/)
    assert.equal(exported.events[0].event.text, MARKUP)
  })

  it('are erased: sign-ins first, then registrations, then all that is kept; and once more', async (test) => {
    const { call, revocations } = await open(test)
    const answer = await call('olivia', ERASE)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(JSON.parse(answer.text), {
      ...{ organizationId: 'acme', userId: 'alice', registrations: 2, mailboxEvents: 14, events: 251 },
      ...{ calls: 0, replies: 0, feedEntries: 0, deadLetters: 0 },
    })
    assert.deepEqual([...revocations.revoked], ['acme/alice'])
    const left = JSON.parse((await call('olivia', EXPORT)).text)
    assert.deepEqual([left.endpoints, left.events, left.lastSeenAt], [[], [], null])
    const again = JSON.parse((await call('olivia', ERASE)).text)
    assert.deepEqual([again.registrations, again.events], [0, 0])
    const others = JSON.parse((await call('olivia', 'GET /rtc-api/users/bob/export')).text)
    assert.equal(others.events.length, 249)
  })

  it('are for administrators and SERVICE, of their own organization, and nobody else', async (test) => {
    const { call, asked, revocations } = await open(test)
    for (const caller of ['alice', 'bob', 'backend'])
      for (const line of [ERASE, EXPORT]) {
        const refused = await call(caller, line)
        assert.deepEqual([refused.status, JSON.parse(refused.text).error], [403, 'forbidden'], caller)
      }
    for (const line of [ERASE, EXPORT]) {
      assert.equal((await call('nobody', line)).status, 401)
      assert.equal(JSON.parse((await call('service', line)).text).error, 'organization_required')
      assert.equal((await call('olivia', line.replace('alice', 'a%2Fb'))).status, 400)
      assert.equal((await call('olivia', line.replace('alice', 'a'.repeat(129)))).status, 400)
    }
    assert.deepEqual([asked, revocations.revoked.size], [[], 0])
    // An organization named by somebody who has one is not looked at.
    await call('olivia', `${ERASE}?organizationId=globex`)
    await call('service', `${ERASE}?organizationId=globex`)
    // One that has left the directory may have left something.
    assert.equal((await call('service', `${ERASE}?organizationId=gone`)).status, 200)
    assert.deepEqual(asked, ['acme/alice', 'globex/alice', 'gone/alice'])
  })

  it('are erased at the price of whoever asks, who waits until it is paid', async (test) => {
    const { call, asked, clock } = await open(test, { ...LIMITS_OFF, workPerSecondPerCaller: 1 })
    assert.equal((await call('olivia', ERASE)).status, 200)
    const again = await call('olivia', ERASE)
    assert.equal(again.status, 429)
    assert.ok(Number(again.headers['retry-after']) >= 4)
    assert.equal(asked.length, 1)
    await clock.advance(10_000)
    assert.equal((await call('olivia', ERASE)).status, 200)
  })
})
