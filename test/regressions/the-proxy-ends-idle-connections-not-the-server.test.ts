import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfiguration } from '../../server/src/config/config.ts'
import { dial } from '../helpers/ask.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const REQUEST = 'GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n'

test('an idle connection is kept for longer than Caddy (120 s) and Google Cloud (600 s) keep theirs', async (t) => {
  const { httpIdleSeconds } = readConfiguration({}, undefined)
  const { http, listen } = await openHttp(t, { settings: { httpIdleSeconds } })
  assert.ok(http.server.keepAliveTimeout > 600_000)
  const socket = await dial(t, await listen())
  socket.write(REQUEST)
  const [answer]: Buffer[] = await once(socket, 'data')
  assert.match(String(answer), /^HTTP\/1.1 200 [\s\S]*keep-alive: timeout=620/i)
  assert.equal(readConfiguration({ HTTP_IDLE_SECONDS: '75' }, undefined).httpIdleSeconds, 75)
})

test('neither the time for headers nor that of a silent socket runs between two requests', async (t) => {
  const bounds = { headersTimeoutMs: 60, requestTimeoutMs: 80, idleTimeoutMs: 100, checkIntervalMs: 10 }
  const { listen } = await openHttp(t, { settings: { bounds } })
  const socket = await dial(t, await listen())
  for (let requests = 0; requests < 3; requests++) {
    socket.write(REQUEST)
    const [answer]: Buffer[] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1.1 200 /)
    await sleep(250)
  }
  assert.equal(socket.closed, false)
})
