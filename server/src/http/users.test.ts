import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { ask, dial, post, readToEnd } from '../../../test/helpers/ask.ts'
import { type Overrides, openHttp } from '../../../test/helpers/http-fixture.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'

const USERS = '/rtc-api/users'
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

async function openWithPhones(test: Parameters<typeof openHttp>[0], overrides: Overrides = {}) {
  const fixture = await openHttp(test, overrides)
  const url = await fixture.listen()
  for (const userEndpointId of ['phone', 'connected'])
    await post(url, `${USERS}/endpoints`, { userEndpointId, keepAliveSeconds: 60 })
  return { ...fixture, url }
}

describe('a user as others see it', () => {
  it('is listed with what waits, for itself and for SERVICE, and for nobody else', async (test) => {
    const { url, clock } = await openWithPhones(test)
    const own = await ask(url, `GET ${USERS}/alice/endpoints`)
    assert.deepEqual([own.status, own.headers['cache-control']], [200, 'no-store'])
    const listed = JSON.parse(own.text)
    assert.deepEqual(
      listed.map((one: { id: string; connected: boolean; mailboxDepth: number }) => [
        one.id,
        one.connected,
        one.mailboxDepth,
      ]),
      [
        ['phone', false, 5],
        ['connected', true, 9],
      ],
    )
    assert.equal(listed[0].lastKeepAliveAt, new Date(clock.wallMs()).toISOString())
    const named = await ask(url, `GET ${USERS}/alice/endpoints?organizationId=acme`, as('service'))
    assert.deepEqual(JSON.parse(named.text), listed)
    const unnamed = await ask(url, `GET ${USERS}/alice/endpoints`, as('service'))
    assert.equal(JSON.parse(unnamed.text).error, 'organization_required')
    for (const wrong of ['', 'a%2Fb', 'acme&organizationId=acme']) {
      const refused = await ask(url, `GET ${USERS}/alice/endpoints?organizationId=${wrong}`, as('service'))
      assert.equal(refused.status, 400, wrong)
    }
    for (const user of ['alice', 'nobody', '__proto__', '%00', 'a%2Fb']) {
      const refused = await ask(url, `GET ${USERS}/${user}/endpoints`, as('bob'))
      assert.deepEqual([refused.status, JSON.parse(refused.text).error], [403, 'forbidden'], user)
    }
    const elsewhere = await ask(url, `GET ${USERS}/alice/endpoints?organizationId=globex`, as('service'))
    assert.deepEqual([elsewhere.status, elsewhere.text], [200, '[]'])
  })

  it('is shown with who holds a link, while there is one; text stays text', async (test) => {
    const { url, registrar } = await openWithPhones(test)
    const links = async (path: string) =>
      JSON.parse((await ask(url, `GET ${path}`)).text).map((one: { link?: unknown }) => one.link)
    assert.deepEqual(await links(`${USERS}/alice/endpoints`), [
      undefined,
      {
        clientId: 'phone-1',
        protocol: 'MQTT 3.1.1',
        transport: 'websocket',
        userAgent: 'Test/1.0',
        connectedAt: '2026-01-01T00:00:00.000Z',
      },
    ])
    assert.deepEqual(await links(`${USERS}/endpoints`), [undefined, undefined], 'not in the own list')
    const markup = '</script><img src=x onerror=alert(1)> "quoted" \\ \u2028'
    registrar.peer = { ...registrar.peer, clientId: '__proto__', userAgent: markup }
    const answer = await ask(url, `GET ${USERS}/alice/endpoints`)
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    const [, { link }] = JSON.parse(answer.text)
    assert.deepEqual([link.clientId, link.userAgent], ['__proto__', markup])
    registrar.peer = { ...registrar.peer, userAgent: undefined }
    const [, without] = await links(`${USERS}/alice/endpoints`)
    assert.deepEqual(Object.keys(without), ['clientId', 'protocol', 'transport', 'connectedAt'])
  })

  it('has a presence, in the order asked', async (test) => {
    const { url, clock } = await openWithPhones(test)
    const body = { userIds: ['nobody', 'alice', '__proto__', 'alice'], organizationId: 'acme' }
    const answer = await post(url, `${USERS}/presence`, body, { authorization: 'Bearer service' })
    const never = (userId: string) => ({ userId, registered: 0, connected: 0, lastSeenAt: null })
    const alice = {
      userId: 'alice',
      registered: 2,
      connected: 1,
      lastSeenAt: new Date(clock.wallMs()).toISOString(),
    }
    assert.deepEqual(JSON.parse(answer.text), {
      users: [never('nobody'), alice, never('__proto__'), alice],
    })
    assert.equal((await post(url, `${USERS}/presence`, { userIds: ['alice'] })).status, 200)
    assert.equal((await post(url, `${USERS}/presence`, { userIds: ['alice', 'bob'] })).status, 403)
  })

  it('is asked for by 1 to 1,000 ids and nothing else', async (test) => {
    const { url } = await openWithPhones(test)
    const service = { authorization: 'Bearer service' }
    const wrong: readonly (readonly [unknown, string])[] = [
      [{}, 'userIds'],
      [{ userIds: [] }, 'userIds'],
      [{ userIds: 'alice' }, 'userIds'],
      [{ userIds: ['alice', 'a/b'] }, 'userIds'],
      [{ userIds: ['alice', 7] }, 'userIds'],
      [{ userIds: Array(1001).fill('a') }, 'userIds'],
      [{ userIds: { length: 1, 0: 'a' } }, 'userIds'],
      [{ userIds: ['a'], organizationId: 7 }, 'organizationId'],
      [{ userIds: ['a'], organizationId: 'a/b' }, 'organizationId'],
    ]
    for (const [body, field] of wrong) {
      const refused = await post(url, `${USERS}/presence`, body, service)
      assert.equal(refused.status, 400)
      assert.ok(field in JSON.parse(refused.text), JSON.stringify(body).slice(0, 60))
    }
    assert.equal((await post(url, `${USERS}/presence`, '["a"]', service)).status, 400)
    const body = { userIds: Array(1000).fill('alice'), organizationId: 'acme' }
    const most = await post(url, `${USERS}/presence`, body, service)
    assert.equal(JSON.parse(most.text).users.length, 1000)
  })

  it('loses an endpoint that is kicked, once', async (test) => {
    const { url } = await openWithPhones(test)
    const path = `${USERS}/alice/endpoints/phone`
    assert.equal((await ask(url, `DELETE ${path}`, as('bob'))).status, 403)
    const kicked = await ask(url, `DELETE ${path}?organizationId=acme`, as('service'))
    assert.deepEqual([kicked.status, kicked.text], [204, ''])
    const again = await ask(url, `DELETE ${path}`)
    assert.deepEqual([again.status, JSON.parse(again.text).error], [404, 'not_found'])
    assert.equal((await ask(url, `DELETE ${USERS}/alice/endpoints/a%2Fb`)).status, 404)
    assert.equal((await ask(url, `DELETE ${USERS}/alice/endpoints/connected`)).status, 204)
    const wrongMethod = await ask(url, `PUT ${path}`)
    assert.deepEqual([wrongMethod.status, wrongMethod.headers.allow], [405, 'DELETE'])
  })

  it('is revoked by SERVICE, with or without a body, and loses its endpoints', async (test) => {
    const { url, revocations } = await openWithPhones(test)
    for (const caller of ['alice', 'bob', 'backend'])
      assert.equal((await ask(url, `POST ${USERS}/alice/revoke`, as(caller))).status, 403, caller)
    assert.equal((await ask(url, `POST ${USERS}/alice/revoke`, as('service'))).status, 400)
    assert.equal(
      (await ask(url, `POST ${USERS}/a%2Fb/revoke?organizationId=acme`, as('service'))).status,
      400,
    )
    assert.equal(revocations.revoked.size, 0)
    const first = await ask(url, `POST ${USERS}/alice/revoke?organizationId=acme`, as('service'))
    assert.deepEqual([first.status, first.text], [204, ''])
    const body = { organizationId: 'globex', reason: 'lost' }
    const second = await post(url, `${USERS}/alice/revoke`, body, { authorization: 'Bearer service' })
    assert.equal(second.status, 204)
    assert.deepEqual([...revocations.revoked], ['acme/alice', 'globex/alice'])
    assert.equal((await ask(url, `GET ${USERS}/endpoints`)).text, '[]')
  })
})

describe('a request whose body takes its time', () => {
  it('is refused where its token was revoked meanwhile, and only then', async (test) => {
    const { url, http, revocations } = await openWithPhones(test, { settings: { fastLane: false } })
    const body = JSON.stringify({ userEndpointId: 'late', keepAliveSeconds: 60 })
    const head = `POST ${USERS}/endpoints HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    for (const [token, status] of [
      ['alice', 401],
      ['bob', 200],
    ] as const) {
      const socket = await dial(test, url)
      const arrived = once(http.server, 'request')
      socket.write(`${head}Authorization: Bearer ${token}\r\n\r\n${body.slice(0, 10)}`)
      await arrived
      revocations.count++
      revocations.revoked.add('alice')
      socket.write(body.slice(10))
      assert.match(await readToEnd(socket), new RegExp(`^HTTP/1.1 ${status} `), token)
    }
  })
})

describe('too many requests', () => {
  it('are answered 429, with when to come back and which limit it was', async (test) => {
    const limits = noLimits({ registersPerSecondPerCaller: 1, registersBurstPerCaller: 2 })
    const { listen, refused } = await openHttp(test, { limits })
    const url = await listen()
    const register = (path: string) => post(url, `${USERS}/endpoints${path}`, { keepAliveSeconds: 60 })
    for (const path of ['', '/register']) {
      const passed = await register(path)
      assert.equal(passed.status, 200)
      assert.deepEqual(
        [passed.headers['ratelimit'], passed.headers['ratelimit-policy']],
        [undefined, undefined],
      )
    }
    const { status, text, headers } = await register('')
    assert.equal(status, 429)
    assert.equal(JSON.parse(text).error, 'rate_limited')
    assert.equal(headers['retry-after'], '1')
    assert.equal(headers['ratelimit-policy'], '"registers-caller";q=2;w=2')
    assert.equal(headers['ratelimit'], '"registers-caller";r=0;t=1')
    assert.deepEqual(refused, ['rate_limited'])
    const keepalive = await post(url, `${USERS}/endpoints/keepalive`, { userEndpointId: 'made-1' })
    assert.equal(keepalive.status, 204, 'keepalives are not counted')
  })
})
