import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { ask, post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { noWebhooks } from '../../../test/helpers/no-webhooks.ts'
import { allowOrigins } from '../config/config.ts'
import { productVersion } from '../observe/observe.ts'

const NOBODY = { headers: { authorization: '' } }
const ENDPOINTS = '/rtc-api/users/endpoints'

describe('health', () => {
  it('is live, and ready or not with the reason', async (test) => {
    let reason: string | undefined = 'starting'
    const { listen, http } = await openHttp(test, { readiness: { notReadyBecause: () => reason } })
    const url = await listen()
    assert.equal(
      (await ask(url, 'GET /health/live', NOBODY)).text,
      `{"status":"live","version":"${productVersion()}"}`,
    )
    const starting = await ask(url, 'GET /health/ready', NOBODY)
    assert.equal(starting.status, 503)
    assert.equal(starting.text, '{"status":"unavailable","reason":"starting"}')
    reason = undefined
    const ready = await ask(url, 'GET /health/ready', NOBODY)
    assert.equal(ready.status, 200)
    assert.equal(ready.text, '{"status":"ready"}')
    assert.equal(ready.headers['cache-control'], 'no-store')
    http.drain()
    const draining = await ask(url, 'GET /health/ready', NOBODY)
    assert.equal(draining.status, 503)
    assert.equal(draining.text, '{"status":"unavailable","reason":"draining"}')
    assert.equal((await ask(url, 'GET /health/live', NOBODY)).status, 200)
  })
})

describe('a server that is ready', () => {
  it('says what should be looked at soon', async (test) => {
    const readiness = { notReadyBecause: () => undefined, warnings: () => ['disk_low'] }
    const { listen } = await openHttp(test, { readiness })
    const ready = await ask(await listen(), 'GET /health/ready', NOBODY)
    assert.equal(ready.status, 200)
    assert.equal(ready.text, '{"status":"ready","warnings":["disk_low"]}')
  })
})

describe('a connection that cannot be taken', () => {
  it('ends nothing, and is told once a minute', async (test) => {
    const { http, listen, logged, clock } = await openHttp(test)
    const url = await listen()
    const fail = () => http.server.emit('error', Object.assign(new Error('accept'), { code: 'EMFILE' }))
    for (let time = 0; time < 1_000; time++) fail()
    const told = () => logged.filter((line) => line.includes('could not take a connection')).length
    assert.equal(told(), 1)
    await clock.advance(60_000)
    fail()
    assert.equal(told(), 2)
    assert.equal((await ask(url, 'GET /health/live', NOBODY)).status, 200)
  })

  it('nor does a file that cannot be opened: 503', async (test) => {
    const webhooks = {
      ...noWebhooks(),
      list: () => {
        throw Object.assign(new Error('open'), { code: 'EMFILE' })
      },
    }
    const { listen } = await openHttp(test, { webhooks })
    const headers = { authorization: 'Bearer backend' }
    const answer = await ask(await listen(), 'GET /rtc-api/webhooks', { headers })
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1'])
  })
})

describe('metrics', () => {
  it('are open without a configured token', async (test) => {
    const { listen } = await openHttp(test)
    const answer = await ask(await listen(), 'GET /metrics', NOBODY)
    assert.equal(answer.text, 'up 1\n')
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  })

  it('ask for the token where there is one', async (test) => {
    const { listen } = await openHttp(test, { settings: { metricsToken: 'metrics-token-1234' } })
    const url = await listen()
    for (const authorization of [
      '',
      'Bearer alice',
      'Bearer metrics-token-123',
      'Basic metrics-token-1234',
    ]) {
      const answer = await ask(url, 'GET /metrics', { headers: { authorization } })
      assert.equal(answer.status, 401, authorization)
      assert.match(String(answer.headers['www-authenticate']), /^Bearer realm="rollcall"/)
      assert.equal(JSON.parse(answer.text).error, 'unauthorized')
    }
    const headers = { authorization: 'Bearer metrics-token-1234' }
    assert.equal((await ask(url, 'GET /metrics', { headers })).status, 200)
  })
})

describe('ICE servers', () => {
  it('are none without configuration', async (test) => {
    const { listen } = await openHttp(test)
    assert.equal((await ask(await listen(), 'GET /rtc-api/iceServers')).text, '{"iceServers":[]}')
  })

  it('come with credentials that end', async (test) => {
    const settings = {
      iceServerUrls: ['stun:stun.example.com'],
      turnUrls: ['turn:turn.example.com', 'turns:turn.example.com'],
      turnSecret: 'north',
      turnTtlSeconds: 600,
    }
    const { listen, clock } = await openHttp(test, { settings })
    const answer = await ask(await listen(), 'GET /rtc-api/iceServers')
    const username = `${clock.wallMs() / 1_000 + 600}:alice`
    const credential = createHmac('sha1', 'north').update(username).digest('base64')
    assert.deepEqual(JSON.parse(answer.text), {
      iceServers: [
        { urls: ['stun:stun.example.com'] },
        { urls: ['turn:turn.example.com', 'turns:turn.example.com'], username, credential },
      ],
    })
    assert.equal(answer.headers['cache-control'], 'no-store')
  })
})

describe('paths and methods', () => {
  it('that are unknown: 404 in the one shape', async (test) => {
    const { listen, refused } = await openHttp(test)
    const url = await listen()
    const lines = [
      'GET /nowhere',
      'POST /rtc-api',
      `POST ${ENDPOINTS}/keepalive/`,
      'GET /rtc-api/nowhere',
      'DELETE /x',
    ]
    for (const line of lines) {
      const isPost = line.startsWith('POST')
      const answer = await ask(url, line, isPost ? { ...NOBODY, body: '{' } : NOBODY)
      assert.equal(answer.status, 404, line)
      assert.deepEqual(JSON.parse(answer.text), { error: 'not_found', message: 'There is nothing here.' })
    }
    assert.deepEqual(refused, Array(lines.length).fill('not_found'))
  })

  it('of another method: 405 with those that are allowed', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    for (const [line, allow] of [
      [`DELETE ${ENDPOINTS}`, 'GET, HEAD, POST'],
      [`PUT ${ENDPOINTS}/keepalive?x=1`, 'GET, HEAD, POST'],
      [`OPTIONS ${ENDPOINTS}/sendEvent`, 'GET, HEAD, POST'],
      ['POST /health/ready', 'GET, HEAD'],
      [`POST ${ENDPOINTS}/e-1`, 'GET, HEAD'],
      ['PROPFIND /metrics', 'GET, HEAD'],
    ] as const) {
      const answer = await ask(url, line, NOBODY)
      assert.equal(answer.status, 405, line)
      assert.equal(answer.headers.allow, allow, line)
      assert.equal(JSON.parse(answer.text).error, 'method_not_allowed', line)
    }
  })

  it('that cannot be decoded: 400', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    for (const path of ['/%zz', `${ENDPOINTS}/%ff`, `${ENDPOINTS}/%c0%af`, '/docs/static/%']) {
      const answer = await ask(url, `GET ${path}`)
      assert.equal(answer.status, 400, path)
      assert.equal(JSON.parse(answer.text).error, 'invalid_request', path)
    }
  })
})

describe('request ids', () => {
  it("are the caller's where clean, and told with refusals", async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    const idOf = async (given: string): Promise<unknown> =>
      (await ask(url, 'GET /nowhere', { headers: { 'x-request-id': given } })).headers['x-request-id']
    assert.equal(await idOf('order-7_1.a'), 'order-7_1.a')
    const own = await idOf('')
    assert.match(String(own), /^[\da-f]{12}-[\da-z]+$/)
    for (const bad of ['a b', '"x"', 'x'.repeat(65), '<script>'])
      assert.match(String(await idOf(bad)), /^[\da-f]{12}-/)
    assert.notEqual(await idOf(''), own)
  })
})

describe('pages of other origins', () => {
  const settings = { allowedOrigins: allowOrigins(['https://app.example.com']) }
  const origin = 'https://app.example.com'

  it('may call when configured, and read what they need', async (test) => {
    const { listen } = await openHttp(test, { settings })
    const url = await listen()
    const preflight = await ask(url, `OPTIONS ${ENDPOINTS}/sendEvent`, {
      headers: {
        authorization: '',
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    })
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers['access-control-allow-origin'], origin)
    assert.match(String(preflight.headers['access-control-allow-headers']), /Idempotency-Key/)
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
    for (const answer of [
      await post(url, `${ENDPOINTS}/sendEvent`, { userId: 'bob', event }, { origin }),
      await post(url, `${ENDPOINTS}/sendEvent`, '{', { origin }),
      await post(url, ENDPOINTS, { keepAliveSeconds: 5 }, { origin }),
      await ask(url, `GET ${ENDPOINTS}`, { headers: { origin, authorization: '' } }),
      await ask(url, 'POST /security/oauth/token', { headers: { origin } }),
      await ask(url, 'GET /nowhere', { headers: { origin } }),
    ]) {
      assert.equal(answer.headers['access-control-allow-origin'], origin)
      assert.match(
        String(answer.headers['access-control-expose-headers']),
        /Event-Id.*Retry-After.*WWW-Authenticate/,
      )
      assert.equal(answer.headers['access-control-allow-credentials'], undefined)
    }
  })

  it('may not when they are others, or none is configured', async (test) => {
    const configured = await openHttp(test, { settings })
    const bare = await openHttp(test)
    for (const url of [await configured.listen(), await bare.listen()]) {
      const answer = await ask(url, `GET ${ENDPOINTS}`, { headers: { origin: 'https://evil.example' } })
      assert.equal(answer.headers['access-control-allow-origin'], undefined)
    }
  })
})

describe('the documentation page', () => {
  it('is served whole by this server alone', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    const page = await ask(url, 'GET /docs', NOBODY)
    assert.equal(page.status, 200)
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'.*script-src 'self'/)
    assert.equal(page.headers['x-content-type-options'], 'nosniff')
    assert.equal(page.headers['strict-transport-security'], undefined)
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path)
    assert.ok(parts.length >= 4)
    for (const path of [...parts, '/docs/json']) {
      const part = await ask(url, `GET ${path}`, NOBODY)
      assert.equal(part.status, 200, path)
      assert.ok(part.text.length > 0, path)
    }
    assert.ok(!/<script>|<style>| on\w+=/.test(page.text), 'inline code would be blocked')
  })

  it('leaves answers of the API as they are', async (test) => {
    const { listen } = await openHttp(test)
    const answer = await ask(await listen(), `GET ${ENDPOINTS}`)
    assert.equal(answer.headers['content-security-policy'], undefined)
  })
})
