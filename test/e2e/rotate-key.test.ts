import assert from 'node:assert/strict'
import { createPrivateKey, sign } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { requestToken } from '@rollcall/client/client'
import { systemClock } from '../../server/src/clock/clock.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'
import { call } from '../helpers/call.ts'
import { signIn } from '../helpers/demo.ts'
import { makeDirectory } from '../helpers/directory.ts'
import { runCli } from '../helpers/run-cli.ts'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

/** Its issuer stays the same over restarts, as it does behind a name. */
const ENV = { PUBLIC_URL: 'http://127.0.0.1:8080' }
const rotate = (dataDir: string) => runCli(['rotate-key'], { env: { DATA_DIR: dataDir } })

async function scratch(t: TestContext): Promise<string> {
  const data = await makeDataDir()
  t.after(() => data.remove())
  return data.path
}

async function keyIdsOf(url: string): Promise<readonly string[]> {
  const { keys } = JSON.parse(await (await fetch(`${url}/.well-known/jwks.json`)).text())
  return keys.map(({ kid }: { readonly kid: string }) => kid)
}

/** What somebody makes who has read the key: bob's token, good for a day longer. */
function forge(token: string, privateKeyPem: string): string {
  const [head = '', claims = ''] = token.split('.')
  const real = JSON.parse(Buffer.from(claims, 'base64url').toString())
  const text = JSON.stringify({ ...real, exp: real.exp + 86_400 })
  const forged = `${head}.${Buffer.from(text).toString('base64url')}`
  return `${forged}.${sign('sha256', Buffer.from(forged), createPrivateKey(privateKeyPem)).toString('base64url')}`
}

describe('rollcall rotate-key', () => {
  it('refuses every token of a leaked key, and lets people go on', async (t) => {
    const dataDir = await scratch(t)
    const { file } = await makeDirectory(dataDir)
    const env = { ...ENV, DIRECTORY_FILE: file }
    const first = await startProcess(dataDir, env)
    t.after(() => first.kill())
    const bob = await signIn(first.url, 'bob')
    const [leaked = ''] = await keyIdsOf(first.url)
    assert.equal(await first.terminate(), 0)

    const store = await openFolderStore({ dataDir, clock: systemClock() })
    const pem = (await store.signingKeys.list()).find(({ keyId }) => keyId === leaked)?.privateKeyPem ?? ''
    await store.close()
    const forged = forge(bob.accessToken, pem)

    // What it protects from: without it the forged token is as good as any.
    const unaware = await startProcess(dataDir, env)
    assert.equal((await call(unaware.url, forged, 'GET users/endpoints')).status, 200)
    assert.equal(await unaware.terminate(), 0)

    const { code, stdout, stderr } = await rotate(dataDir)
    assert.equal(code, 0, stderr)
    assert.match(stdout, new RegExp(`^Gone, .*:\n {2}${leaked}\n`))

    const second = await startProcess(dataDir, env)
    t.after(() => second.kill())
    const keyIds = await keyIdsOf(second.url)
    assert.equal(keyIds.length, 1)
    assert.ok(!keyIds.includes(leaked))
    for (const token of [bob.accessToken, forged])
      assert.equal((await call(second.url, token, 'GET users/endpoints')).status, 401)
    const grant = { type: 'refresh_token', refreshToken: bob.refreshToken ?? '' } as const
    const { accessToken } = await requestToken({ url: second.url, clientId: 'customer', grant })
    assert.equal((await call(second.url, accessToken, 'GET users/endpoints')).status, 200)
  })

  it('touches no folder that a server has, or that has no store', async (t) => {
    const dataDir = await scratch(t)
    const none = await rotate(dataDir)
    assert.deepEqual([none.code, none.stdout], [1, ''])
    assert.match(none.stderr, /There is no store in/)
    const server = await startProcess(dataDir, ENV)
    t.after(() => server.kill())
    const { accessToken } = await signIn(server.url, 'bob')
    const busy = await rotate(dataDir)
    assert.deepEqual([busy.code, busy.stdout], [1, ''], busy.stderr)
    assert.match(busy.stderr, /is in use by process/)
    assert.equal((await call(server.url, accessToken, 'GET users/endpoints')).status, 200)
  })
})
