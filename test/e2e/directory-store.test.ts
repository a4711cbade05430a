import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { requestToken } from '@rollcall/client/client'
import { makeDirectory } from '../helpers/directory.ts'
import { runCli } from '../helpers/run-cli.ts'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

async function open(t: TestContext) {
  const data = await makeDataDir()
  t.after(() => data.remove())
  const env = { DIRECTORY: 'store', DATA_DIR: join(data.path, 'data') }
  const command = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await runCli(args, { env })
    assert.equal(code, 0, stderr)
    return stdout
  }
  const start = async () => {
    const server = await startProcess(env.DATA_DIR, { DIRECTORY: 'store' })
    t.after(() => server.kill())
    return server
  }
  return { folder: data.path, env, command, start }
}

async function clientToken(url: string, clientId: string, clientSecret: string): Promise<string> {
  return (await requestToken({ url, clientId, clientSecret, grant: { type: 'client_credentials' } }))
    .accessToken
}

const secretIn = (printed: string): string => / secret: (\S+)\n/.exec(printed)?.[1] ?? ''

describe('a directory in the store', () => {
  it('begins empty, lets the first administrator in, and keeps what is answered over a kill and a rotated key', async (t) => {
    const { command, start } = await open(t)
    const secret = secretIn(await command('add-administrator'))
    const first = await start()
    const token = await clientToken(first.url, 'administrator', secret)
    const add = async (kind: string, body: object) => {
      const answer = await fetch(`${first.url}/rtc-api/directory/${kind}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      assert.equal(answer.status, 201, await answer.clone().text())
      return JSON.parse(await answer.text())
    }
    await add('organizations', { id: 'acme', name: 'Acme' })
    const { newSecret } = await add('clients', {
      id: 'backend',
      organizationId: 'acme',
      grants: ['client_credentials'],
    })
    const backend = await clientToken(first.url, 'backend', newSecret)
    assert.equal(await statusOf(first.url, backend), 200)
    await first.kill()

    await command('rotate-key')
    const second = await start()
    assert.equal(await statusOf(second.url, backend), 401, 'its key is gone')
    assert.equal(await statusOf(second.url, await clientToken(second.url, 'backend', newSecret)), 200)
    const audit = await fetch(`${second.url}/rtc-api/audit?action=add_entry`, {
      headers: { authorization: `Bearer ${await clientToken(second.url, 'administrator', secret)}` },
    })
    assert.equal(audit.status, 200)
    assert.equal(await second.terminate(), 0)
  })

  it('takes a file over, and gives it back; what cannot be done says so and changes nothing', async (t) => {
    const { folder, env, command, start } = await open(t)
    const { file } = await makeDirectory(folder)
    assert.match(await command('import-directory', file), /2 organizations, 0 webhooks, 4 users, 4 clients/)
    const given: unknown = JSON.parse(await readFile(file, 'utf8'))
    assert.deepEqual(JSON.parse(await command('export-directory')), given)
    const server = await start()
    const grant = { type: 'password', username: 'alice', password: 'alice-password' } as const
    assert.equal((await requestToken({ url: server.url, clientId: 'customer', grant })).userId, 'alice')
    const busy = await runCli(['export-directory'], { env })
    assert.equal(busy.code, 1)
    assert.equal(busy.stdout, '')
    assert.equal(await server.terminate(), 0)

    const wrong = join(folder, 'wrong.json')
    await writeFile(wrong, '{"organizations":[],"users":[{"username":"x","organizationId":"planted"}]}')
    const refused = await runCli(['import-directory', wrong], { env })
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /wrong\.json: users\[0\]\.passwordHash: is missing/)
    assert.deepEqual(JSON.parse(await command('export-directory')), given)
    for (const [args, more, message] of [
      [['export-directory'], { DIRECTORY: 'file' }, /DIRECTORY: must be store/],
      [['export-directory'], { DIRECTORY_FILE: file }, /DIRECTORY_FILE: is not read/],
      [['add-administrator', '--user', 'x'], {}, /go together/],
      [['import-directory'], {}, /takes one file/],
    ] as const) {
      const { code, stderr } = await runCli(args, { env: { ...env, ...more } })
      assert.equal(code, 2, stderr)
      assert.match(stderr, message)
    }
  })
})

async function statusOf(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${url}/rtc-api/users`, { headers })).status
}
