import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { allowOrigins } from '../../server/src/config/config.ts'
import { dial, readToEnd } from '../helpers/ask.ts'
import { inTime } from '../helpers/fake-clock.ts'
import { openHttp } from '../helpers/http-fixture.ts'
import { openMqtt } from '../helpers/mqtt-fixture.ts'
import { openRaw, upgradeRequest } from '../helpers/raw-link.ts'

const NOSNIFF = /^x-content-type-options: nosniff\r$/gim
const ENDPOINTS = '/rtc-api/users/endpoints'
const EVENT = JSON.stringify({
  userId: 'bob',
  event: { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' },
})

function request(line: string, headers: readonly string[] = [], body = ''): string {
  const all = ['Host: x', 'Authorization: Bearer alice', 'Connection: close', ...headers]
  const length = body === '' ? [] : [`Content-Length: ${body.length}`]
  return [`${line} HTTP/1.1`, ...all, ...length, '', body].join('\r\n')
}

const json = (line: string, body: string): string => request(line, ['Content-Type: application/json'], body)

const FORM = ['Content-Type: application/x-www-form-urlencoded']

/** Each way in which an answer is written. */
const KINDS: readonly (readonly [what: string, sent: string, status: number])[] = [
  ['a route', request(`GET ${ENDPOINTS}`), 200],
  ['an answer in one write', json(`POST ${ENDPOINTS}`, '{"keepAliveSeconds":5}'), 200],
  ['an event', json(`POST ${ENDPOINTS}/sendEvent`, EVENT), 200],
  ['events', json(`POST ${ENDPOINTS}/sendEvents`, `[${EVENT}]`), 200],
  ['a bad body', json(`POST ${ENDPOINTS}`, '{'), 400],
  ['no token', request(`GET ${ENDPOINTS}`, ['Authorization: x']).replace('Bearer alice', ''), 401],
  ['an unknown path', request('GET /nowhere'), 404],
  ['an unknown method', request(`DELETE ${ENDPOINTS}`), 405],
  ['a path that cannot be decoded', request('GET /%zz'), 400],
  [
    'a body that is too large',
    request(`POST ${ENDPOINTS}`, ['Content-Type: application/json', 'Content-Length: 999999999']),
    413,
  ],
  ['a type that is not read', request(`POST ${ENDPOINTS}`, ['Content-Type: text/plain'], 'x'), 415],
  ['a fault', request(`GET ${ENDPOINTS}`).replace('alice', 'fault'), 500],
  ['a token', request('POST /security/oauth/token', FORM, 'grant_type=password'), 200],
  ['a redirect', request('GET /'), 302],
  ['health', request('GET /health/live'), 200],
  ['metrics', request('GET /metrics'), 200],
  ['the documentation', request('GET /docs'), 200],
  ['a file of the documentation', request('GET /docs/static/swagger-ui.css'), 200],
  ['the description', request('GET /rtc-api/openapi.json'), 200],
  ['a page', request('GET /console/'), 200],
  ['a page without its slash', request('GET /console'), 302],
  ['a file that is not there', request('GET /console/none.js'), 404],
  [
    'a preflight',
    request(`OPTIONS ${ENDPOINTS}`, ['Origin: https://app.example', 'Access-Control-Request-Method: GET']),
    204,
  ],
  ['a request without a host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['an expectation that nobody meets', request('GET /', ['Expect: a-wonder']), 417],
  ['what is not HTTP', 'nonsense\r\n\r\n', 400],
  ['headers that are too large', request('GET /', [`X: ${'x'.repeat(200_000)}`]), 431],
]

async function openFront(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-pages-'))
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  test.after(() => rm(folder, { recursive: true }))
  const pages = [{ path: '/console/', folder }]
  const { listen } = await openHttp(test, {
    settings: { pages, allowedOrigins: allowOrigins(['https://app.example']) },
  })
  return listen()
}

describe('every answer tells browsers not to guess its type', () => {
  it('over HTTP, once', async (test) => {
    const url = await openFront(test)
    for (const [what, sent, status] of KINDS) {
      const link = await openRaw(test, Number(new URL(url).port))
      link.send(Buffer.from(sent))
      const head = await link.readUntil('\r\n\r\n')
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `), `${what}: ${head.slice(0, 40)}`)
      assert.equal([...head.matchAll(NOSNIFF)].length, 1, what)
    }
  })

  it('also to a request that does not end in time', async (test) => {
    const bounds = { headersTimeoutMs: 1_000, requestTimeoutMs: 2_000, checkIntervalMs: 50 }
    const { listen, clock } = await openHttp(test, { settings: { bounds } })
    const socket = await dial(test, await listen())
    socket.write('GET / HTTP/1.1\r\n')
    const answer = await inTime(clock, readToEnd(socket))
    assert.match(answer, /^HTTP\/1.1 408 /)
    assert.equal([...answer.matchAll(NOSNIFF)].length, 1)
  })

  for (const [what, path, headers, status] of [
    ['accepted', '/ws', {}, 101],
    ['at another path', '/other', {}, 404],
    ['from a page of others', '/ws', { Origin: 'https://evil.example' }, 403],
    ['that is none', '/ws', { 'Sec-WebSocket-Key': '' }, 400],
  ] as const)
    it(`to a WebSocket handshake ${what}`, async (test) => {
      const { httpPort } = await openMqtt(test)
      const web = await openRaw(test, httpPort)
      web.send(upgradeRequest(path, headers))
      const head = await web.readUntil('\r\n\r\n')
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `))
      assert.equal([...head.matchAll(NOSNIFF)].length, 1)
    })

  it('to a WebSocket handshake without room', async (test) => {
    const { httpPort } = await openMqtt(test, { pendingLinksMax: 0 })
    const web = await openRaw(test, httpPort)
    web.send(upgradeRequest('/ws', {}))
    assert.match(
      await web.readUntil('\r\n\r\n'),
      /^HTTP\/1.1 503 [\s\S]*x-content-type-options: nosniff\r\n/i,
    )
  })
})
