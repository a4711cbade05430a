import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'mqtt'
import { signIn } from '../helpers/demo.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const STOPPED_MS = 5_000

/** A real server process, ended with the test. */
async function start(t: TestContext): Promise<ServerProcess> {
  const dataDir = await makeDataDir()
  const server = await startProcess(dataDir.path)
  t.after(async () => {
    await server.kill()
    await dataDir.remove()
  })
  return server
}

function call(server: ServerProcess, token: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${server.url}/rtc-api/users/endpoints${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

it('a process that is stopped for longer than the period loses no endpoint, link or event', async (t) => {
  const server = await start(t)
  const { accessToken: token } = await signIn(server.url, 'alice')
  const wanted = { userEndpointId: 'phone', keepAliveSeconds: 4, serverKeepAliveReminderOn: false }
  assert.equal((await call(server, token, '', wanted)).status, 200)
  const link = connect(`ws://127.0.0.1:${server.port}/ws`, {
    ...{ username: 'alice', password: token, clientId: 'phone', keepalive: 6, reconnectPeriod: 0 },
    // Long enough for the client itself, which would give up a server that is silent for longer.
    reschedulePings: false,
  })
  t.after(() => link.endAsync(true))
  const received: string[] = []
  link.on('message', (_topic, payload) => void received.push(payload.toString()))
  await new Promise((resolve) => link.once('connect', resolve))
  await link.subscribeAsync('user/alice/phone', { qos: 1 })
  await sleep(1_500)
  const stalled = server.stall(STOPPED_MS)
  await sleep(500)
  // In the socket while nobody listens.
  const keptAlive = call(server, token, '/keepalive', { userEndpointId: 'phone' })
  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
  await stalled
  assert.equal((await keptAlive).status, 204)
  const sent = await call(server, token, '/sendEvent', { userId: 'alice', qos: 1, event })
  assert.deepEqual([sent.status, await sent.json()], [200, 1])
  await eventually(() => received.length === 1, 'the event comes over the link')
  assert.match(server.output(), /the service stood still/)
})
