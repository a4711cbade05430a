import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { BODY_BYTES_MAX } from '@rollcall/protocol/limits'
import { dial, post, readToEnd } from '../../../../test/helpers/ask.ts'
import { openHttp } from '../../../../test/helpers/http-fixture.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'
const JSON_BODY = '{"keepAliveSeconds":5}'
const QUICK_BOUNDS = {
  headersTimeoutMs: 150,
  requestTimeoutMs: 300,
  idleTimeoutMs: 1_000,
  checkIntervalMs: 30,
}
const QUICK = { bounds: QUICK_BOUNDS, httpIdleSeconds: 0.15 }

function head(line: string, ...headers: string[]): string {
  const common = ['Host: x', 'Authorization: Bearer alice', 'Content-Type: application/json']
  return [`${line} HTTP/1.1`, ...common, ...headers, '', ''].join('\r\n')
}

/** Reads one answer, headers and body, from a connection that stays open. */
async function readAnswer(socket: Socket): Promise<string> {
  let text = ''
  while (!isWhole(text)) {
    const [chunk]: Buffer[] = await once(socket, 'data')
    text += chunk?.toString('utf8')
  }
  return text
}

function isWhole(text: string): boolean {
  const bodyAt = text.indexOf('\r\n\r\n') + 4
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
  return bodyAt >= 4 && text.length >= bodyAt + length
}

function assertRefused(answer: string, status: number, code: string): void {
  assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
  assert.match(answer, new RegExp(`"error":"${code}"`))
  assert.match(answer, /connection: close/i)
}

function drainedOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', resolve)
  })
}

describe('a body that is too large', () => {
  for (const operation of ['', '/keepalive', '/sendEvent'])
    it(`is refused at once by its declared length, and the connection closed: ${operation}`, async (test) => {
      const { listen, clock } = await openHttp(test)
      const socket = await dial(test, await listen())
      socket.write(head(`POST ${ENDPOINTS}${operation}`, `Content-Length: ${BODY_BYTES_MAX + 1}`))
      assertRefused(await readAnswer(socket), 413, 'payload_too_large')
      const closed = once(socket, 'close')
      // It still reads what a client has sent before it saw the answer, but not for ever.
      socket.resume()
      await clock.advance(1_000)
      await closed
    })

  it('is answered also to a client that sends all of it first', async (test) => {
    const { listen } = await openHttp(test)
    const answer = await post(await listen(), ENDPOINTS, `{"x":"${'y'.repeat(700_000)}"}`)
    assert.equal(answer.status, 413)
    assert.equal(answer.headers.connection, 'close')
  })

  it('is refused when it grows too large in chunks', async (test) => {
    const { listen, registrar } = await openHttp(test)
    const socket = await dial(test, await listen())
    const ended = readToEnd(socket)
    socket.write(head(`POST ${ENDPOINTS}`, 'Transfer-Encoding: chunked'))
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
    // Without an end: after the refusal a mebibyte is read over, then the connection is cut.
    while (!socket.destroyed && socket.bytesWritten < 8_000_000)
      if (!socket.write(chunk)) await drainedOrClosed(socket)
    assertRefused(await ended, 413, 'payload_too_large')
    assert.ok(socket.bytesWritten < 8_000_000)
    assert.deepEqual(registrar.wanted, [])
  })

  it('just fits at the limit', async (test) => {
    const { listen } = await openHttp(test)
    const body = JSON_BODY.padEnd(BODY_BYTES_MAX, ' ')
    assert.equal((await post(await listen(), ENDPOINTS, body)).status, 200)
  })
})

describe('a refusal before the body was read', () => {
  it('leaves the connection usable where the body is small', async (test) => {
    const { listen } = await openHttp(test)
    const socket = await dial(test, await listen())
    const refused = head(`POST ${ENDPOINTS}`, `Content-Length: ${JSON_BODY.length}`).replace(
      'alice',
      'nobody',
    )
    socket.write(refused + JSON_BODY)
    assert.match(await readAnswer(socket), /^HTTP\/1.1 401 /)
    socket.write(head(`POST ${ENDPOINTS}`, `Content-Length: ${JSON_BODY.length}`) + JSON_BODY)
    assert.match(await readAnswer(socket), /^HTTP\/1.1 200 /)
  })

  it('closes it where the body may be endless', async (test) => {
    const { listen, clock } = await openHttp(test)
    const url = await listen()
    for (const [line, framing] of [
      [`POST ${ENDPOINTS}`, 'Transfer-Encoding: chunked'],
      ['POST /nowhere', 'Content-Length: 99999999999'],
    ] as const) {
      const socket = await dial(test, url)
      const ended = readToEnd(socket)
      socket.write(head(line, framing).replace('alice', 'nobody'))
      const [first]: Buffer[] = await once(socket, 'data')
      assert.match(String(first), /^HTTP\/1.1 40[14] /)
      await clock.advance(1_000)
      assert.match(await ended, /connection: close/i)
    }
  })

  it('also keeps it after malformed JSON', async (test) => {
    const { listen } = await openHttp(test)
    const socket = await dial(test, await listen())
    socket.write(`${head(`POST ${ENDPOINTS}`, 'Content-Length: 1')}{`)
    assert.match(await readAnswer(socket), /malformed_json/)
    socket.write(head(`POST ${ENDPOINTS}`, `Content-Length: ${JSON_BODY.length}`) + JSON_BODY)
    assert.match(await readAnswer(socket), /^HTTP\/1.1 200 /)
  })
})

describe('what is not HTTP', () => {
  for (const [what, bytes, status, code] of [
    ['noise', 'nonsense\r\n\r\n', 400, 'invalid_request'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'invalid_request'],
    ['a bare line feed in a header', 'GET / HTTP/1.1\nHost: x\n\n', 400, 'invalid_request'],
    [
      'two lengths',
      head(`POST ${ENDPOINTS}`, 'Content-Length: 5', 'Content-Length: 6'),
      400,
      'invalid_request',
    ],
    [
      'a length and chunks',
      head(`POST ${ENDPOINTS}`, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      400,
      'invalid_request',
    ],
    [
      'a broken chunk',
      `${head(`POST ${ENDPOINTS}`, 'Transfer-Encoding: chunked')}zz\r\n`,
      400,
      'invalid_request',
    ],
    [
      'headers that are too long',
      `GET / HTTP/1.1\r\nx: ${'y'.repeat(80_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['an address that is too long', `GET /${'y'.repeat(80_000)} HTTP/1.1\r\n\r\n`, 431, 'headers_too_large'],
  ] as const)
    it(`${what}: ${status}, and closed`, async (test) => {
      const { listen, refused, registrar } = await openHttp(test)
      const url = await listen()
      const socket = await dial(test, url)
      socket.write(bytes, 'latin1')
      assertRefused(await readToEnd(socket), status, code)
      assert.deepEqual(refused, [code])
      assert.deepEqual(registrar.wanted, [])
      assert.equal((await post(url, ENDPOINTS, JSON_BODY)).status, 200, 'the server goes on')
    })

  it('a client that goes away in the middle of its body leaves nothing behind', async (test) => {
    const { listen, http, logged } = await openHttp(test, { settings: { fastLane: false } })
    const url = await listen()
    const socket = await dial(test, url)
    socket.write(`${head(`POST ${ENDPOINTS}`, 'Content-Length: 100')}{`)
    await once(http.server, 'request')
    socket.resetAndDestroy()
    assert.equal((await post(url, ENDPOINTS, JSON_BODY)).status, 200)
    assert.deepEqual(logged, [])
  })
})

describe('peers that are slow', () => {
  const late = async (test: TestContext, sent: string): Promise<string> => {
    const { listen, clock } = await openHttp(test, { settings: QUICK })
    const socket = await dial(test, await listen())
    socket.write(sent)
    const ended = readToEnd(socket)
    // What is over when nothing is sent, Node says itself.
    while (!socket.destroyed) await clock.advance(QUICK_BOUNDS.checkIntervalMs)
    return ended
  }

  it('with their headers, or silent from the start, are let go', async (test) => {
    assertRefused(await late(test, `POST ${ENDPOINTS} HTTP/1.1\r\nHost: x\r\n`), 408, 'request_timeout')
    await late(test, '')
  })

  it('with their body are let go', async (test) => {
    const answer = await late(test, `${head(`POST ${ENDPOINTS}`, 'Content-Length: 22')}{"keep`)
    assertRefused(answer, 408, 'request_timeout')
  })

  it('after an answer are let go without a word', async (test) => {
    const answer = await late(
      test,
      head(`POST ${ENDPOINTS}`, `Content-Length: ${JSON_BODY.length}`) + JSON_BODY,
    )
    assert.match(answer, /^HTTP\/1.1 200 /)
    assert.equal(answer.split('HTTP/1.1').length, 2)
  })
})

describe('one connection', () => {
  it('carries many requests, also sent at once, answered in order', async (test) => {
    const { listen } = await openHttp(test)
    const socket = await dial(test, await listen())
    const ended = readToEnd(socket)
    const event =
      '{"userId":"bob","event":{"id":"e-N","type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}}'
    const requests = Array.from({ length: 200 }, (_, n) => {
      const body = event.replace('N', String(n))
      return head(`POST ${ENDPOINTS}/sendEvent`, `Content-Length: ${body.length}`) + body
    })
    socket.write(requests.join('') + head('GET /health/live', 'Connection: close'))
    const ids = [...(await ended).matchAll(/event-id: e-(\d+)\r\n/g)].map(([, n]) => Number(n))
    assert.deepEqual(
      ids,
      requests.map((_, n) => n),
    )
  })
})
