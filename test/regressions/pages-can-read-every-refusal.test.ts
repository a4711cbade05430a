import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { allowOrigins } from '../../server/src/config/config.ts'
import { ask, dial, readToEnd } from '../helpers/ask.ts'
import { type FakeClock, inTime } from '../helpers/fake-clock.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const ORIGIN = 'https://app.example.com'
const SETTINGS = { allowedOrigins: allowOrigins([ORIGIN]) }
const ENDPOINTS = '/rtc-api/users/endpoints'
const LONG = 'y'.repeat(40_000)
const TOO_LONG = 'y'.repeat(100_000)

function request(line: string, lines: readonly string[] = [], body = ''): string {
  return [
    `${line} HTTP/1.1`,
    'host: x',
    'authorization: Bearer alice',
    ...lines,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}

const origin = `Origin: ${ORIGIN}`
const REFUSED = [
  ['a URL that cannot be decoded', 400, request('GET /rtc-api/%zz', [origin])],
  ['an id that cannot be decoded', 400, request(`GET ${ENDPOINTS}/%zz`, [origin])],
  ['headers that are too long', 431, request('GET /', [origin, `x: ${LONG}`])],
  ['headers that are too long before the origin', 431, request('GET /', [`x: ${LONG}`, origin])],
  ['a URL that is too long', 431, request(`GET /${LONG}`, [origin])],
  ['headers that nobody reads to their end', 431, request('GET /', [origin, `x: ${TOO_LONG}`])],
  ['a header that is none', 400, request('GET /', [origin, 'no header'])],
  ['no host', 400, `GET / HTTP/1.1\r\n${origin}\r\nconnection: close\r\n\r\n`],
  ['an expectation that nobody meets', 417, request('GET /', [origin, 'Expect: miracles'])],
  [
    'a length and chunks',
    400,
    request(`POST ${ENDPOINTS}`, [origin, 'Content-Length: 5', 'Transfer-Encoding: chunked']),
  ],
  [
    'a broken chunk',
    400,
    request(
      `POST ${ENDPOINTS}`,
      [origin, 'Content-Type: application/json', 'Transfer-Encoding: chunked'],
      'zz\r\n',
    ),
  ],
  [
    'a body that is too large',
    413,
    request(`POST ${ENDPOINTS}`, [origin, 'Content-Type: application/json', 'Content-Length: 999999']),
  ],
  ['no token', 401, request(`GET ${ENDPOINTS}`, [origin]).replace('Bearer alice', 'Bearer nobody')],
  [
    'another type',
    415,
    request(`POST ${ENDPOINTS}`, [origin, 'Content-Type: text/plain', 'Content-Length: 1'], 'x'),
  ],
  ['a path that is none', 404, request('GET /nowhere', [origin])],
  ['a method that a path has not', 405, request(`PUT ${ENDPOINTS}`, [origin])],
  ['a version of HTTP that is none', 400, request('GET /', [origin]).replace('HTTP/1.1', 'HTTP/9.9')],
] as const

/** For a moment after a refusal the server reads what was still on its way. */
async function toItsEnd(clock: FakeClock, socket: Socket): Promise<string> {
  const ended = readToEnd(socket)
  await once(socket, 'data')
  return inTime(clock, ended)
}

describe('a page of an allowed origin can read', () => {
  for (const [what, status, bytes] of REFUSED)
    it(`${status}: ${what}`, async (test) => {
      const { listen, clock } = await openHttp(test, { settings: SETTINGS })
      const socket = await dial(test, await listen())
      socket.write(bytes)
      const answer = await toItsEnd(clock, socket)
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
      const [head = ''] = answer.split('\r\n\r\n')
      assert.match(head, new RegExp(`\r\naccess-control-allow-origin: ${ORIGIN}`, 'i'))
      assert.match(head, /\r\naccess-control-expose-headers: .*Retry-After/i)
      assert.match(head, /\r\nvary: .*Origin/i)
      assert.equal(head.match(/access-control-allow-origin/gi)?.length, 1)
    })

  it('408: a body that comes too slowly', async (test) => {
    const bounds = { headersTimeoutMs: 100, requestTimeoutMs: 200, checkIntervalMs: 20 }
    const { http, listen, clock } = await openHttp(test, { settings: { ...SETTINGS, bounds } })
    const socket = await dial(test, await listen())
    const arrived = once(http.server, 'request')
    socket.write(
      request(`POST ${ENDPOINTS}`, [origin, 'Content-Type: application/json', 'Content-Length: 5']),
    )
    await arrived
    const answered = readToEnd(socket)
    await clock.advance(1_000)
    const answer = await answered
    assert.match(answer, /^HTTP\/1.1 408 /)
    assert.ok(answer.includes(`access-control-allow-origin: ${ORIGIN}`))
  })

  it('what a preflight allows, also before a refusal', async (test) => {
    const { listen } = await openHttp(test, { settings: SETTINGS })
    const url = await listen()
    for (const path of [ENDPOINTS, '/rtc-api/%zz', '/nowhere', '/security/oauth/token']) {
      const headers = { origin: ORIGIN, 'access-control-request-method': 'POST', authorization: '' }
      const answer = await ask(url, `OPTIONS ${path}`, { headers })
      assert.equal(answer.status, 204, path)
      assert.equal(answer.headers['access-control-allow-origin'], ORIGIN)
      assert.match(String(answer.headers['access-control-allow-methods']), /POST/)
      assert.match(String(answer.headers['access-control-allow-headers']), /Authorization/)
    }
    const plain = await ask(url, `OPTIONS ${ENDPOINTS}`, { headers: { origin: ORIGIN } })
    assert.equal(plain.status, 405, 'not every OPTIONS is a preflight')
  })
})

describe('a page of another origin can read none of it', () => {
  for (const [what, status, bytes] of REFUSED)
    it(`${status}: ${what}`, async (test) => {
      const { listen, clock } = await openHttp(test, { settings: SETTINGS })
      const socket = await dial(test, await listen())
      socket.write(bytes.replace(ORIGIN, 'https://evil.example'))
      const answer = await toItsEnd(clock, socket)
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
      assert.doesNotMatch(answer, /access-control-allow-origin/i)
      assert.match(answer, /\r\nvary: .*Origin/i)
    })
})

it('a star allows everybody, an origin that is not known as well', async (test) => {
  const { listen } = await openHttp(test, { settings: { allowedOrigins: allowOrigins(['*']) } })
  const socket = await dial(test, await listen())
  socket.write('nonsense\r\n\r\n')
  assert.match(await readToEnd(socket), /^HTTP\/1.1 400 [\s\S]*access-control-allow-origin: \*\r\n/)
})
