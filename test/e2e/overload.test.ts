import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { signIn } from '../helpers/demo.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

/** A stop, and a start that leaves time for one look at the loop, so that each look finds it late; milliseconds. */
const STOPPED_MS = 300
const RUNNING_MS = 50
const ROUNDS_MAX = 40

it('an overloaded server says so, refuses what is dear and new, and keeps people reachable', async (t) => {
  const dataDir = await makeDataDir()
  const server = await startProcess(dataDir.path, { SHED_LAG_MS: '100' })
  t.after(async () => {
    await server.kill()
    await dataDir.remove()
  })
  const call = (token: string, method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${server.url}/rtc-api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const phone = { userEndpointId: 'phone' }
  const { accessToken: token, refreshToken } = await signIn(server.url, 'alice')
  await call(token, 'POST', '/users/endpoints', { ...phone, keepAliveSeconds: 600 })
  const isOverloaded = () => server.output().includes('"to":"overloaded"')
  for (let round = 0; round < ROUNDS_MAX && !isOverloaded(); round++) {
    await server.stall(STOPPED_MS)
    await sleep(RUNNING_MS)
  }
  const form = (fields: Record<string, string>) =>
    fetch(`${server.url}/security/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'customer', ...fields }),
    })
  const refreshing = form({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' })
  const [ready, kept, bulk, history, signedIn] = await Promise.all([
    fetch(`${server.url}/health/ready`),
    call(token, 'POST', '/users/endpoints/keepalive', phone),
    call(token, 'POST', '/users/endpoints/sendEvents', []),
    call(token, 'GET', '/events'),
    form({ grant_type: 'password', username: 'alice', password: 'alice-password' }),
  ])
  assert.deepEqual([ready.status, await ready.json()], [200, { status: 'ready', warnings: ['overloaded'] }])
  assert.equal(kept.status, 204, 'a keepalive goes on')
  for (const refused of [bulk, history, signedIn])
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '2'], refused.url)
  assert.equal((await refreshing).status, 200, 'who is signed in stays so')
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(metrics, /rollcall_shed_total\{what="bulk"\} 1/)
  await eventually(() => server.output().includes('"to":"calm"'), 'it is calm again', 30_000)
  assert.equal((await call(token, 'POST', '/users/endpoints/sendEvents', [])).status, 200)
  const link = await connectAsync(`ws://127.0.0.1:${server.port}/ws`, { username: 'alice', password: token })
  await link.endAsync(true)
})
