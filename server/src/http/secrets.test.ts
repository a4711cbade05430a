import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, dial, readToEnd } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'
const SECRET = 's3cret'
const BASIC = `Basic ${Buffer.from(`client:${SECRET}`).toString('base64')}`
const EVENT = `{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z","x":"${SECRET}"}`

/** Requests with a secret wherever one may be, that succeed or fail in every way there is. */
const REQUESTS: readonly (readonly [line: string, headers: Record<string, string>, body?: string])[] = [
  [`POST /security/oauth/token?client_secret=${SECRET}`, { authorization: BASIC }],
  [`POST /security/oauth/token?client_secret=${SECRET}`, { 'content-type': 'text/plain' }, SECRET],
  [`POST /security/oauth/token`, {}, `password=${SECRET}${'x'.repeat(20_000)}`],
  [`POST /security/oauth/revoke`, { 'content-type': 'application/x-www-form-urlencoded' }, `token=${SECRET}`],
  [`GET /security/oauth/token?client_secret=${SECRET}`, {}],
  [`GET /nowhere/${SECRET}?x=${SECRET}`, { authorization: BASIC, cookie: SECRET, 'x-secret': SECRET }],
  [`GET /%zz${SECRET}`, {}],
  [`GET ${ENDPOINTS}/${SECRET}?access_token=${SECRET}`, {}],
  [`GET ${ENDPOINTS}`, { authorization: `Bearer ${SECRET}` }],
  [`GET ${ENDPOINTS}`, { authorization: `Bearer fault`, 'x-request-id': `${SECRET} `.repeat(20) }],
  [`POST ${ENDPOINTS}?x=${SECRET}`, {}, `{"keepAliveSeconds":"${SECRET}"}`],
  [`POST ${ENDPOINTS}`, {}, `{"keepAliveSeconds":5,"userEndpointId":"/${SECRET}"}`],
  [`POST ${ENDPOINTS}`, {}, `{"${SECRET}`],
  [`POST ${ENDPOINTS}`, { 'content-type': `application/${SECRET}` }, SECRET],
  [`POST ${ENDPOINTS}/unregister`, {}, `{"userEndpointId":"e","reason":"${SECRET}"}`],
  [
    `POST ${ENDPOINTS}/sendEvent?x=${SECRET}`,
    { 'idempotency-key': SECRET },
    `{"userId":"bob","event":${EVENT}}`,
  ],
  [`POST ${ENDPOINTS}/sendEvent`, {}, `{"userId":5,"event":${EVENT}}`],
  [`POST ${ENDPOINTS}/sendEvent`, {}, `{"userId":"bob","event":${EVENT}`],
  [`GET /metrics?x=${SECRET}`, { authorization: `Bearer ${SECRET}` }],
]

const FAULT = new Error(`parse error near ${SECRET}`)

describe('secrets', () => {
  for (const failure of [undefined, FAULT])
    it(`are in no log line and no refusal${failure ? ', also when everything fails' : ''}`, async (test) => {
      const settings = { logRequests: true, metricsToken: 'metrics-token-1234' }
      const { listen, logged, registrar, delivery } = await openHttp(test, { settings })
      registrar.failure = failure
      delivery.failure = failure
      const url = await listen()
      for (const [line, headers, body] of REQUESTS) {
        const all = body === undefined ? headers : { 'content-type': 'application/json', ...headers }
        const answer = await ask(url, line, body === undefined ? { headers: all } : { headers: all, body })
        assert.ok(!answer.text.includes(SECRET), line)
        assert.ok(!JSON.stringify(answer.headers).includes(SECRET), line)
      }
      const broken = await dial(test, url)
      broken.write(`GET /?x=${SECRET} HTTP/1.1\r\nHost: x\r\n${SECRET}\r\n\r\n`)
      assert.ok(!(await readToEnd(broken)).includes(SECRET))

      assert.ok(logged.length >= REQUESTS.length - 1, 'one line each, or the test proves nothing')
      for (const line of logged) {
        assert.ok(!line.includes(SECRET), line)
        assert.ok(!line.includes(BASIC.slice(6)), line)
        assert.ok(!line.includes('Bearer'), line)
      }
    })

  it('and a line says what is needed to find a fault', async (test) => {
    const { listen, logged, registrar } = await openHttp(test, { settings: { logRequests: true } })
    registrar.failure = FAULT
    const headers = { 'x-request-id': 'order-7' }
    await ask(await listen(), `GET ${ENDPOINTS}/e-1?x=1`, { headers })
    const [fault, request] = logged.map((line) => JSON.parse(line))
    assert.equal(fault.requestId, 'order-7')
    assert.equal(fault.route, `${ENDPOINTS}/:userEndpointId`)
    assert.match(fault.err.stack, /at /)
    const { method, route, status, requestId, ip } = request
    assert.deepEqual(
      { method, route, status, requestId, ip },
      {
        method: 'GET',
        route: `${ENDPOINTS}/:userEndpointId`,
        status: 500,
        requestId: 'order-7',
        ip: '127.0.0.1',
      },
    )
  })

  it("proxies' word for the caller's address is taken from trusted ones only", async (test) => {
    const headers = { 'x-forwarded-for': '203.0.113.7' }
    for (const [trustedProxies, ip] of [
      [[], '127.0.0.1'],
      [['127.0.0.0/8'], '203.0.113.7'],
      [['10.0.0.0/8'], '127.0.0.1'],
    ] as const) {
      const { listen, logged } = await openHttp(test, { settings: { logRequests: true, trustedProxies } })
      await ask(await listen(), 'GET /health/live', { headers })
      assert.equal(JSON.parse(logged[0] ?? '{}').ip, ip)
    }
  })
})
