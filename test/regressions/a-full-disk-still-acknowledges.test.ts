import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const METRICS_TOKEN = 'who-may-read-the-metrics'
const DISK_BYTES = 40 * 1024 * 1024

/** A small disk of its own; `undefined` where this process may not have one. */
async function smallDisk(t: TestContext): Promise<string | undefined> {
  const scratch = await makeDataDir()
  const path = join(scratch.path, 'disk')
  mkdirSync(path)
  const isMounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', path]).status === 0
  t.after(async () => {
    if (isMounted) spawnSync('umount', [path])
    await scratch.remove()
  })
  return isMounted ? path : undefined
}

function post(server: ServerProcess, token: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${server.url}/rtc-api/users/endpoints${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function readiness(server: ServerProcess): Promise<unknown> {
  return (await fetch(`${server.url}/health/ready`)).json()
}

it('a server whose disk is full keeps endpoints alive and takes no new events, until there is room', async (t) => {
  const disk = await smallDisk(t)
  if (disk === undefined) return t.skip('a disk of its own is needed, which takes the right to mount one')
  const dataDir = join(disk, 'data')
  const server = await startProcess(dataDir, { METRICS_TOKEN })
  t.after(() => server.kill())
  const { accessToken } = await signIn(server.url, 'alice')
  const wanted = { userEndpointId: 'phone', keepAliveSeconds: 600, serverKeepAliveReminderOn: false }
  assert.equal((await post(server, accessToken, '', wanted)).status, 200)
  const backend = await tokenOf(server.url, 'acme-backend')
  const call = () => post(server, backend, '/sendEvent', { ...offer('alice'), qos: 1 })
  assert.equal((await call()).status, 200)

  await eventually(() => existsSync(join(dataDir, 'store', 'reserve')), 'something is kept in reserve')
  assert.deepEqual(await readiness(server), { status: 'ready', warnings: ['disk_low'] })
  const metrics = await fetch(`${server.url}/metrics`, {
    headers: { authorization: `Bearer ${METRICS_TOKEN}` },
  })
  assert.match(await metrics.text(), /^rollcall_disk_low 1$/m)
  assert.match(server.output(), /the disk is nearly full/)

  const filler = join(disk, 'filler')
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(filler, Buffer.alloc(bavail * bsize, 1))
  const isFull = { status: 'unavailable', reason: 'disk_full' }
  await eventually(
    async () => JSON.stringify(await readiness(server)) === JSON.stringify(isFull),
    'it says so',
  )
  const refused = await call()
  assert.equal(refused.status, 503)
  assert.equal(Reflect.get(Object(await refused.json()), 'message'), 'The disk is full.')
  const keepalive = { userEndpointId: 'phone' }
  assert.equal((await post(server, accessToken, '/keepalive', keepalive)).status, 204)
  assert.equal((await post(server, accessToken, '', { ...wanted, userEndpointId: 'tablet' })).status, 200)

  rmSync(filler)
  await eventually(async () => (await call()).status === 200, 'it takes events again')
  assert.match(server.output(), /the disk is full: no new events[\s\S]*the disk is nearly full/)
  assert.equal(await server.terminate(), 0)
})
