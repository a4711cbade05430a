import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, dial, post, readToEnd } from '../helpers/ask.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
  'text/plain',
  'x',
]
const USERS = '/rtc-api/users'
const BOB = { organizationId: 'acme', userId: 'bob' }
const PHONE = { userEndpointId: 'phone', keepAliveSeconds: 60, serverKeepAliveReminderOn: false }
const service = { authorization: 'Bearer service' }
const KICK = `DELETE ${USERS}/bob/endpoints/phone?organizationId=acme`
const REVOKE = `POST ${USERS}/bob/revoke?organizationId=acme`
const REPLAY = 'POST /rtc-api/webhooks/hook/deadLetters/replay?organizationId=acme'
const CLEAR = 'DELETE /rtc-api/webhooks/hook/deadLetters?organizationId=acme'
/** What each says to one that brings no header. */
const ROUTES = [
  KICK,
  REVOKE,
  REPLAY,
  CLEAR,
  'GET /rtc-api/iceServers',
  `GET ${USERS}/endpoints`,

  'POST /nowhere',
  'DELETE /rtc-api/iceServers',
  'POST /security/oauth/token',
  'POST /security/oauth/revoke',
]

describe('a request without a body is answered whatever type it says that its body has', () => {
  for (const line of ROUTES)
    it(line, async (test) => {
      const { listen, registrar } = await openHttp(test)
      const url = await listen()
      const send = async (headers: Record<string, string>) => {
        await registrar.register(BOB, PHONE, 9e12)
        const { status, text } = await ask(url, line, { headers: { ...service, ...headers } })
        return { status, text }
      }
      const expected = await send({})
      for (const type of TYPES)
        for (const rest of [{}, { 'content-length': '0' }, { 'content-encoding': 'gzip' }])
          assert.deepEqual(await send({ 'content-type': type, ...rest }), expected, type)
    })

  it('also where it is chunks that bring nothing', async (test) => {
    const { listen, registrar } = await openHttp(test)
    const url = await listen()
    for (const type of [...TYPES.slice(0, -1), undefined]) {
      await registrar.register(BOB, PHONE, 9e12)
      const socket = await dial(test, url)
      const lines = [
        `${KICK} HTTP/1.1`,
        'host: x',
        'authorization: Bearer service',
        'connection: close',
        'transfer-encoding: chunked',
        ...(type === undefined ? [] : [`content-type: ${type}`]),
      ]
      socket.write(`${lines.join('\r\n')}\r\n\r\n0\r\n\r\n`)
      assert.match(await readToEnd(socket), /^HTTP\/1.1 204 /, type ?? 'none')
    }
  })

  it('but a body of another type is still refused, in chunks too', async (test) => {
    const { listen, registrar } = await openHttp(test)
    const url = await listen()
    await registrar.register(BOB, PHONE, 9e12)
    const headers = { ...service, 'content-type': 'text/plain' }
    assert.equal(
      (await ask(url, KICK, { body: '{}', headers: { ...headers, 'content-length': '2' } })).status,
      415,
    )
    const chunked = { ...headers, 'transfer-encoding': 'chunked' }
    assert.equal((await ask(url, REVOKE, { body: '{}', headers: chunked })).status, 415)
    assert.equal((await ask(url, KICK, { headers: service })).status, 204)
  })

  it('and no lines at all are no events', async (test) => {
    const { listen } = await openHttp(test)
    const answer = await post(await listen(), '/rtc-api/users/endpoints/sendEvents', '', {
      'content-type': 'application/x-ndjson',
    })
    assert.deepEqual([answer.status, answer.text], [200, '[]'])
  })
})
