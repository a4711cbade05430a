import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'
const PROTECTED = [
  `POST ${ENDPOINTS}`,
  `POST ${ENDPOINTS}/register`,
  `POST ${ENDPOINTS}/unregister`,
  `POST ${ENDPOINTS}/keepalive`,
  `POST ${ENDPOINTS}/sendEvent`,
  `GET ${ENDPOINTS}`,
  `GET ${ENDPOINTS}/e`,
  `HEAD ${ENDPOINTS}`,
  'GET /rtc-api/iceServers',
]

describe('without a live bearer token', () => {
  it('every operation answers 401, whatever its body', async (test) => {
    const { listen, registrar, delivery } = await openHttp(test)
    const url = await listen()
    for (const line of PROTECTED) {
      const isPost = line.startsWith('POST')
      const headers = { authorization: 'Bearer nobody', 'content-type': 'text/plain' }
      const answer = await ask(url, line, isPost ? { headers, body: 'no JSON' } : { headers })
      assert.equal(answer.status, 401, line)
      assert.equal(
        answer.headers['www-authenticate'],
        'Bearer realm="rollcall", error="invalid_token", error_description="The token is not valid."',
      )
      if (!line.startsWith('HEAD')) assert.equal(JSON.parse(answer.text).error, 'unauthorized')
    }
    assert.deepEqual([registrar.wanted, delivery.sent], [[], []])
  })

  it('no error code is told where no token was given', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    for (const authorization of ['', 'Bearer', 'Basic YWxpY2U6YWxpY2U=', 'alice', 'Bearer,alice']) {
      const answer = await ask(url, `GET ${ENDPOINTS}`, { headers: { authorization } })
      assert.equal(answer.status, 401, authorization)
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="rollcall"', authorization)
    }
  })

  it('the query and cookies are no place for one', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    const headers = { authorization: '', cookie: 'access_token=alice; token=alice' }
    const answer = await ask(url, `GET ${ENDPOINTS}?access_token=alice&token=alice`, { headers })
    assert.equal(answer.status, 401)
  })
})

describe('with a bearer token', () => {
  it("the scheme's case and the number of spaces do not matter", async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    for (const authorization of ['Bearer alice', 'bearer alice', 'BEARER   alice', 'Bearer   alice '])
      assert.equal((await ask(url, `GET ${ENDPOINTS}`, { headers: { authorization } })).status, 200)
  })

  it('one that has to be verified first is waited for, and the body with it', async (test) => {
    const { listen, registrar } = await openHttp(test)
    const url = await listen()
    const body = { keepAliveSeconds: 5, padding: 'x'.repeat(200_000) }
    assert.equal((await post(url, ENDPOINTS, body, { authorization: 'Bearer new-alice' })).status, 200)
    assert.equal((await post(url, ENDPOINTS, body, { authorization: 'Bearer new-nobody' })).status, 401)
    assert.equal(registrar.wanted.length, 1)
  })

  it('a fault while judging it lets nobody in', async (test) => {
    const { listen, logged } = await openHttp(test)
    const url = await listen()
    for (const token of ['fault', 'new-fault']) {
      const answer = await ask(url, `GET ${ENDPOINTS}`, { headers: { authorization: `Bearer ${token}` } })
      assert.equal(answer.status, 500)
      assert.deepEqual(JSON.parse(answer.text), { error: 'internal_error', message: 'The server failed.' })
    }
    assert.equal(logged.length, 2)
    assert.ok(!logged.join('').includes('look up'), 'the text of an error may quote its input')
  })
})
