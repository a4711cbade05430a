import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { type Overrides, openHttp } from '../../../test/helpers/http-fixture.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'

const USERS = '/rtc-api/users'
const ORGANIZATIONS = '/rtc-api/organizations'

type Page = { readonly users: { readonly userId: string }[]; readonly nextCursor?: string }

/** Some users, one of them with a connection, and how callers ask for them. */
async function open(test: TestContext, overrides: Overrides = {}) {
  const fixture = await openHttp(test, overrides)
  const url = await fixture.listen()
  const register = (userId: string, organizationId = 'acme', userEndpointId = 'phone') =>
    fixture.registrar.register(
      { organizationId, userId },
      { userEndpointId, keepAliveSeconds: 60, serverKeepAliveReminderOn: false },
      0,
    )
  for (const userId of ['bob', 'alice', 'al', '<img src=x>', '__proto__', 'zoë']) await register(userId)
  await register('alice', 'acme', 'connected')
  await register('carol', 'globex')
  const get = async (caller: string, path: string) => {
    const answer = await ask(url, `GET ${path}`, { headers: { authorization: `Bearer ${caller}` } })
    return { ...answer, json: JSON.parse(answer.text) }
  }
  const ids = async (query: string, caller = 'backend') => {
    const { status, json } = await get(caller, `${USERS}${query}`)
    assert.equal(status, 200, query)
    return (json as Page).users.map(({ userId }) => userId)
  }
  return { ...fixture, url, register, get, ids }
}

describe('the users of an organization', () => {
  it('are listed by id, with what they have; markup in an id stays text', async (test) => {
    const { get, clock } = await open(test)
    const answer = await get('backend', USERS)
    assert.deepEqual(
      [answer.status, answer.headers['cache-control'], answer.headers['content-type']],
      [200, 'no-store', 'application/json; charset=utf-8'],
    )
    const lastSeenAt = new Date(clock.wallMs()).toISOString()
    const one = (userId: string) => ({ userId, registered: 1, connected: 0, lastSeenAt })
    assert.deepEqual(answer.json, {
      users: [
        one('<img src=x>'),
        one('__proto__'),
        one('al'),
        { userId: 'alice', registered: 2, connected: 1, lastSeenAt },
        one('bob'),
        one('zoë'),
      ],
    })
  })

  it('are narrowed by prefix, connection and registration', async (test) => {
    const { ids } = await open(test)
    assert.deepEqual(await ids('?prefix=al'), ['al', 'alice'])
    assert.deepEqual(await ids('?prefix=AL'), [])
    assert.deepEqual(await ids(`?prefix=${encodeURIComponent('<img')}`), ['<img src=x>'])
    assert.deepEqual(await ids('?connected=true'), ['alice'])
    assert.deepEqual(await ids('?prefix=al&connected=false'), ['al'])
    assert.deepEqual(await ids('?registered=false'), [])
    assert.equal((await ids('?registered=true&prefix=')).length, 6)
  })

  it('come page by page, each once, whatever the size of a page', async (test) => {
    const { get, ids } = await open(test)
    const all = await ids('')
    for (const limit of [1, 2, 3, 5, 6, 7]) {
      const seen: string[] = []
      let cursor = ''
      do {
        const { status, json } = await get('backend', `${USERS}?limit=${limit}${cursor}`)
        assert.equal(status, 200)
        const page = json as Page
        assert.ok(page.users.length <= limit)
        seen.push(...page.users.map(({ userId }) => userId))
        cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`
      } while (cursor !== '')
      assert.deepEqual(seen, all, String(limit))
    }
  })

  it('are looked at in turns, and so many for one page: a short page says where to go on', async (test) => {
    const fixture = await open(test)
    let asked = 0
    const page = Array.from({ length: 200 }, (_, index) => `user-${index}`)
    fixture.registrar.users = async () => {
      asked++
      const users = page.map((userId) => ({ userId, lastSeenWallMs: 1 }))
      return { users, next: 'user-199' }
    }
    const { json } = await fixture.get('backend', `${USERS}?connected=true`)
    assert.deepEqual([json.users, typeof json.nextCursor, asked], [[], 'string', 100])
  })

  it('are for backends, administrators and SERVICE, each within its organization', async (test) => {
    const { get, ids, auth } = await open(test)
    for (const caller of ['alice', 'bob']) {
      const refused = await get(caller, USERS)
      assert.deepEqual([refused.status, refused.json.error], [403, 'forbidden'], caller)
    }
    assert.deepEqual(await ids('?organizationId=globex'), await ids(''), 'its own, whatever it names')
    assert.deepEqual(await ids('?organizationId=globex', 'service'), ['carol'])
    const unnamed = await get('service', USERS)
    assert.deepEqual([unnamed.status, unnamed.json.error], [400, 'organization_required'])
    const authenticate = auth.authenticate
    auth.authenticate = (token, beforeCheck) => {
      const principal = authenticate(token === 'olivia' ? 'bob' : token, beforeCheck)
      if (token !== 'olivia' || principal instanceof Promise) return principal
      return { ...principal, userId: 'olivia', authorities: ['ROLE_ORGANIZATION_ADMIN'] }
    }
    assert.equal((await ids('', 'olivia')).length, 6)
    const nobody = await get('nobody', USERS)
    assert.equal(nobody.status, 401)
  })

  it('are asked for by parameters that are right, and cursors that the same list gave', async (test) => {
    const { get } = await open(test)
    const wrong: readonly (readonly [query: string, field: string])[] = [
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=1e2', 'limit'],
      ['limit=2&limit=3', 'limit'],
      ['prefix=a%2Fb', 'prefix'],
      ['prefix=a%00', 'prefix'],
      [`prefix=${'a'.repeat(129)}`, 'prefix'],
      ['connected=yes', 'connected'],
      ['registered=1', 'registered'],
      ['connected=true&connected=true', 'connected'],
      ['cursor=', 'cursor'],
      ['cursor=alice', 'cursor'],
      [`cursor=${'A'.repeat(5_000)}`, 'cursor'],
      [`cursor=${Buffer.from('12345678alice').toString('base64url')}`, 'cursor'],
    ]
    for (const [query, field] of wrong) {
      const refused = await get('backend', `${USERS}?${query}`)
      assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_request'], query)
      assert.ok(field in refused.json, query)
    }
    const { json } = await get('backend', `${USERS}?limit=2&prefix=`)
    const { nextCursor } = json as Page
    assert.equal((await get('backend', `${USERS}?limit=1&cursor=${nextCursor}`)).status, 200)
    for (const query of ['prefix=a&', 'connected=true&', 'registered=true&']) {
      const other = await get('backend', `${USERS}?${query}cursor=${nextCursor}`)
      assert.equal(other.status, 400, query)
    }
    const elsewhere = await get('service', `${USERS}?organizationId=globex&cursor=${nextCursor}`)
    assert.equal(elsewhere.status, 400)
    assert.equal((await get('backend', `${USERS}?cursor=${nextCursor}=`)).status, 400)
  })

  it('wait their turn as presence does: a server that is busy says so', async (test) => {
    const limits = noLimits({ shedLagMs: 100 })
    for (const atMs of [0, 1]) limits.shedding.observe({ atMs, lagMs: 1e6, writePercent: 0 })
    const { get } = await open(test, { limits })
    for (const path of [USERS, ORGANIZATIONS])
      assert.equal((await get('service', `${path}?organizationId=acme`)).status, 503)
  })
})

describe('the organizations', () => {
  it('are listed for SERVICE, and for nobody else', async (test) => {
    const { get } = await open(test)
    const { status, json } = await get('service', ORGANIZATIONS)
    assert.equal(status, 200)
    const counts = { connected: 0, mailboxEvents: 0, webhooks: 0 }
    assert.deepEqual(json, {
      organizations: [
        { id: 'acme', name: 'Acme', registrations: 7, ...counts },
        { id: 'foreign', name: null, registrations: 0, ...counts },
        { id: 'globex', name: '<b>Globex</b>', registrations: 1, ...counts },
      ],
    })
    for (const caller of ['alice', 'backend']) assert.equal((await get(caller, ORGANIZATIONS)).status, 403)
  })

  it('come page by page, those of which only endpoints are known too', async (test) => {
    const { get, register } = await open(test)
    await register('dave', 'former')
    const seen: string[] = []
    let cursor = ''
    do {
      const { json } = await get('service', `${ORGANIZATIONS}?limit=1${cursor}`)
      seen.push(...json.organizations.map(({ id }: { id: string }) => id))
      cursor = json.nextCursor === undefined ? '' : `&cursor=${json.nextCursor}`
    } while (cursor !== '')
    assert.deepEqual(seen, ['acme', 'foreign', 'former', 'globex'])
    const { json } = await get('service', `${ORGANIZATIONS}?prefix=fo`)
    assert.deepEqual(
      json.organizations.map(({ id }: { id: string }) => id),
      ['foreign', 'former'],
    )
    assert.equal((await get('service', `${ORGANIZATIONS}?cursor=acme`)).status, 400)
  })
})
