import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

async function folder(t: TestContext): Promise<string> {
  const { path, remove } = await makeDataDir()
  t.after(remove)
  return path
}

async function start(t: TestContext, dataDir: string): Promise<ServerProcess> {
  const server = await startProcess(dataDir)
  t.after(() => server.kill())
  return server
}

function post(server: ServerProcess, token: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${server.url}/rtc-api/users/endpoints${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
}

/** A phone that is away, and the token of a backend that calls it. */
async function registerPhone(server: ServerProcess): Promise<string> {
  const { accessToken } = await signIn(server.url, 'alice')
  const wanted = { userEndpointId: 'phone', keepAliveSeconds: 600, serverKeepAliveReminderOn: false }
  assert.equal((await post(server, accessToken, '', wanted)).status, 200)
  return tokenOf(server.url, 'acme-backend')
}

/** The status of a durable event; 0: there was no answer. */
async function call(server: ServerProcess, token: string): Promise<number> {
  const answer = await post(server, token, '/sendEvent', { ...offer('alice'), qos: 1 }).catch(() => undefined)
  return answer?.status ?? 0
}

describe('a server whose data folder is lost', () => {
  it('ends with 1 and says why when the folder is removed under it, and confirms nothing', async (t) => {
    const dataDir = await folder(t)
    const server = await start(t, dataDir)
    const token = await registerPhone(server)
    assert.equal(await call(server, token), 200)
    rmSync(join(dataDir, 'store'), { recursive: true, maxRetries: 10, retryDelay: 20 })
    assert.notEqual(await call(server, token), 200)
    assert.equal(await server.ended(), 1)
    assert.match(
      server.output(),
      /"problem":"The data folder [^"]+ is gone.*stopping: the data folder is lost/,
    )
  })

  it('ends by itself when the folder is removed while nobody asks for anything', async (t) => {
    const dataDir = await folder(t)
    const server = await start(t, dataDir)
    rmSync(join(dataDir, 'store'), { recursive: true, maxRetries: 10, retryDelay: 20 })
    assert.equal(await server.ended(), 1)
  })

  it('ends when the manifest is that of another epoch', async (t) => {
    const dataDir = await folder(t)
    await (await start(t, dataDir)).kill()
    // Two starts of a copy are as many owners later.
    const elsewhere = await folder(t)
    cpSync(dataDir, elsewhere, { recursive: true })
    for (let starts = 0; starts < 2; starts++) await (await start(t, elsewhere)).kill()
    const later = readFileSync(join(elsewhere, 'store', 'manifest'))
    const server = await start(t, dataDir)
    const token = await registerPhone(server)
    writeFileSync(join(dataDir, 'store', 'manifest'), later)
    assert.notEqual(await call(server, token), 200)
    assert.equal(await server.ended(), 1)
    assert.match(server.output(), /taken over by another process/)
  })
})

describe('an owner that is paused', () => {
  it('keeps the folder: who comes second is refused, and the first goes on', async (t) => {
    const dataDir = await folder(t)
    const owner = await start(t, dataDir)
    const token = await registerPhone(owner)
    owner.signal('SIGSTOP')
    await assert.rejects(startProcess(dataDir), /code 1[\s\S]*The data folder is in use by process/)
    owner.signal('SIGCONT')
    assert.equal(await call(owner, token), 200)
    assert.equal(await owner.terminate(), 0)
  })

  it('confirms nothing more once another has the folder all the same', async (t) => {
    const dataDir = await folder(t)
    const former = await start(t, dataDir)
    const token = await registerPhone(former)
    assert.equal(await call(former, token), 200)
    former.signal('SIGSTOP')
    // Whoever removes the lock undoes it; the epoch still stands.
    rmSync(join(dataDir, 'store', 'lock'))
    const next = await start(t, dataDir)
    const nextToken = await tokenOf(next.url, 'acme-backend')
    assert.equal(await call(next, nextToken), 200)
    former.signal('SIGCONT')
    assert.notEqual(await call(former, token), 200)
    assert.equal(await former.ended(), 1)
    assert.match(former.output(), /taken over by another process/)
    assert.equal(await call(next, nextToken), 200)
    assert.equal(await next.terminate(), 0)
    const last = await start(t, dataDir)
    await eventually(
      async () => (await call(last, await tokenOf(last.url, 'acme-backend'))) === 200,
      'it goes on',
    )
  })
})
