import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { describe, it } from 'node:test'
import { TLSSocket } from 'node:tls'
import { dial, post, readToEnd } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import type { Certificate } from './http.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'
const BODY = '{"keepAliveSeconds":5}'
const REQUEST = [
  `POST ${ENDPOINTS} HTTP/1.1`,
  'Host: x',
  'Authorization: Bearer alice',
  'Content-Type: application/json',
  `Content-Length: ${BODY.length}`,
  '',
  '',
].join('\r\n')

/** Looks at what Node's server was told, which hears nothing of what the lane serves: `lane/fast-lane.test.ts` has the same of that. */
const NO_LANE = { settings: { fastLane: false } }

describe('draining', () => {
  it('serves on, and closes each connection with its answer', async (test) => {
    const { listen, http } = await openHttp(test, NO_LANE)
    const url = await listen()
    const busy = await dial(test, url)
    busy.write(REQUEST)
    await once(http.server, 'request')
    const idle = await dial(test, url)
    idle.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(idle, 'data')

    http.drain()
    http.drain()
    await readToEnd(idle)
    const late = await post(url, `${ENDPOINTS}/register`, BODY)
    assert.equal(late.status, 200)
    assert.equal(late.headers.connection, 'close')
    busy.write(BODY)
    await once(busy, 'data')
  })
})

describe('closing', () => {
  it('waits for a request in flight', async (test) => {
    const { listen, http } = await openHttp(test, NO_LANE)
    const socket = await dial(test, await listen())
    socket.write(REQUEST)
    await once(http.server, 'request')
    const closed = http.close()
    socket.write(BODY)
    assert.match(await readToEnd(socket), /^HTTP\/1.1 200 /)
    await closed
    await http.close()
  })

  it('cuts one that does not end', async (test) => {
    const { listen, http, clock } = await openHttp(test, NO_LANE)
    const socket = await dial(test, await listen())
    socket.write(REQUEST)
    await once(http.server, 'request')
    const closed = http.close()
    await clock.advance(5_000)
    await closed
    assert.equal(await readToEnd(socket), '')
    assert.equal(clock.pending(), 0)
  })

  it('is fine before listening', async (test) => {
    const { http } = await openHttp(test)
    await http.close()
  })
})

describe('listening', () => {
  it('fails where the port is taken', async (test) => {
    const first = await openHttp(test)
    const second = await openHttp(test)
    const { port } = new URL(await first.listen())
    await assert.rejects(second.http.listen('127.0.0.1', Number(port)), { code: 'EADDRINUSE' })
  })
})

describe('TLS', () => {
  it('is spoken with a certificate, and with another one once it is set', async (test) => {
    const { listen, http, refused } = await openHttp(test, { settings: { tls: readCertificate('first') } })
    const url = await listen()
    assert.match(url, /^https:/)
    const before = await getTls(url)
    assert.equal(before.subject, 'rollcall-test-first')
    assert.match(String(before.headers['strict-transport-security']), /^max-age=\d+$/)
    http.setCertificate(readCertificate('second'))
    assert.equal((await getTls(url)).subject, 'rollcall-test-second')
    assert.throws(() => http.setCertificate({ cert: 'no certificate', key: '' }))
    assert.equal((await getTls(url)).subject, 'rollcall-test-second')

    const plain = await dial(test, url.replace('https', 'http'))
    plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.equal(await readToEnd(plain), '', 'a failed handshake gets no answer in clear')
    assert.deepEqual(refused, [])
  })

  it('is not spoken without one', async (test) => {
    const { http } = await openHttp(test)
    assert.throws(() => http.setCertificate(readCertificate('first')), /does not speak TLS/)
  })
})

function readCertificate(name: string): Certificate {
  const folder = new URL('../../../test/helpers/certificates/', import.meta.url)
  return {
    cert: readFileSync(new URL(`${name}.cert.pem`, folder)),
    key: readFileSync(new URL(`${name}.key.pem`, folder)),
  }
}

async function getTls(
  url: string,
): Promise<{ subject: string | undefined; headers: IncomingMessage['headers'] }> {
  const outgoing = get(`${url}/health/live`, { agent: false, rejectUnauthorized: false })
  const [answer]: IncomingMessage[] = await once(outgoing, 'response')
  if (!(answer?.socket instanceof TLSSocket)) throw new Error('no TLS')
  const subject = answer.socket.getPeerCertificate().subject.CN
  answer.resume()
  await once(answer, 'end')
  return { subject: [subject].flat()[0], headers: answer.headers }
}
