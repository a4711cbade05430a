import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { dial, readToEnd } from '../../../../test/helpers/ask.ts'
import { openHttp } from '../../../../test/helpers/http-fixture.ts'

const BODY = '{"keepAliveSeconds":5,"userEndpointId":"e-1"}'

function request(...headers: string[]): string {
  const lines = [
    'POST /rtc-api/users/endpoints HTTP/1.1',
    'Host: x',
    'Authorization: Bearer alice',
    ...headers,
  ]
  return [...lines, 'Content-Type: application/json', `Content-Length: ${BODY.length}`, '', ''].join('\r\n')
}

const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAEAAEAAAAIAAAAB']
const LAST = `${request('Connection: close')}${BODY}`

describe('an offer of another protocol than WebSocket', () => {
  it("is ignored, as Java's client expects, and the connection goes on", async (test) => {
    const { http, listen, registrar } = await openHttp(test)
    http.onWebSocket(() => assert.fail('no WebSocket was asked for'))
    const url = await listen()
    for (const pieces of [
      [request(...H2C) + BODY + LAST],
      [request(...H2C), BODY.slice(0, 9), BODY.slice(9), LAST],
    ]) {
      const socket = await dial(test, url)
      const ended = readToEnd(socket)
      for (const piece of pieces) {
        await new Promise<void>((resolve) => socket.write(piece, () => resolve()))
        await new Promise((resolve) => http.server.getConnections(resolve))
      }
      const answers = (await ended).split('HTTP/1.1 ').slice(1)
      assert.equal(answers.length, 2)
      for (const answer of answers) assert.match(answer, /^200 .*"e-1"$/s)
    }
    assert.equal(registrar.wanted.length, 4)
  })

  it('may come with each request of a connection', async (test) => {
    const { http, listen } = await openHttp(test)
    http.onWebSocket(() => assert.fail('no WebSocket was asked for'))
    const socket = await dial(test, await listen())
    for (let round = 0; round < 3; round++) {
      socket.write(request(...H2C) + BODY)
      const [answer]: Buffer[] = await once(socket, 'data')
      assert.match(String(answer), /^HTTP\/1.1 200 /)
    }
  })

  it('also over TLS', async (test) => {
    const folder = new URL('../../../../test/helpers/certificates/', import.meta.url)
    const cert = readFileSync(new URL('first.cert.pem', folder))
    const tls = { cert, key: readFileSync(new URL('first.key.pem', folder)) }
    const { http, listen } = await openHttp(test, { settings: { tls } })
    http.onWebSocket(() => assert.fail('no WebSocket was asked for'))
    const port = Number(new URL(await listen()).port)
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    socket.write(request('Upgrade: other', 'Connection: upgrade, close') + BODY)
    assert.match(await readToEnd(socket), /^HTTP\/1.1 200 /)
  })
})

describe('a WebSocket handshake', () => {
  it('is handed on, whatever the case', async (test) => {
    const { http, listen } = await openHttp(test)
    const taken: string[] = []
    http.onWebSocket(({ url = '' }, socket) => {
      taken.push(url)
      socket.end('taken')
    })
    const url = await listen()
    for (const offer of ['websocket', 'WebSocket', 'h2c, websocket']) {
      const socket = await dial(test, url)
      socket.write(`GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${offer}\r\n\r\n`)
      assert.equal(await readToEnd(socket), 'taken')
    }
    assert.deepEqual(taken, ['/ws', '/ws', '/ws'])
  })
})
