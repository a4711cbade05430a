import assert from 'node:assert/strict'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import type { LifecycleEvent } from '@rollcall/protocol/lifecycle'
import { call } from '../helpers/call.ts'
import { offer } from '../helpers/demo.ts'
import { makeDirectory, tokenOfClient, tokenOfUser } from '../helpers/directory.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { ofOneProcess } from '../helpers/several-nodes.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'

type Line = { readonly [name: string]: unknown }

describe('the audit log', () => {
  const receiver = new WebhookReceiver()
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let file = ''
  before(async () => {
    data = await makeDataDir()
    file = join(data.path, 'audit.log')
    await receiver.start()
    const { url, secret } = receiver
    const webhooks = [{ id: 'hook', url, secret, events: ['SignInLockedEvent'] }]
    const directory = await makeDirectory(data.path)
    await directory.write({ acme: { webhooks } })
    server = await startProcess(data.path, {
      DIRECTORY_FILE: directory.file,
      WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.0/8',
      AUDIT_FILE: file,
    })
  })
  after(async () => {
    await server.kill()
    await receiver.stop()
    await data.remove()
  })

  const lines = async (): Promise<readonly Line[]> =>
    (await readFile(file, 'utf8').catch(() => ''))
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text))
  const written = async (action: string, outcome: string): Promise<Line> => {
    const find = async () =>
      (await lines()).find((line) => line['action'] === action && line['outcome'] === outcome)
    await eventually(async () => (await find()) !== undefined, `${action} ${outcome} is written`)
    return (await find()) ?? assert.fail()
  }

  it('has who signed in, read, ended, revoked and was refused, and never an event or a secret', async () => {
    const { accessToken: alice } = await tokenOfUser(server.url, 'alice')
    const { accessToken: boss } = await tokenOfUser(server.url, 'boss')
    const backend = await tokenOfClient(server.url, 'acme-backend')
    const phone = await createClient({ url: server.url, token: alice }).register({ keepAliveSeconds: 600 })
    await call(server.url, backend, 'POST users/endpoints/sendEvent', offer('alice'))
    await call(server.url, backend, 'GET events?userId=alice')
    await call(server.url, alice, 'POST users/bob/revoke')
    await call(server.url, boss, `DELETE users/alice/endpoints/${phone}`)
    await call(server.url, boss, 'POST users/alice/revoke')
    const signIn = await written('sign_in', 'done')
    assert.deepEqual(
      [signIn['userId'], signIn['clientId'], signIn['grant']],
      ['alice', 'customer', 'password'],
    )
    const read = await written('read_history', 'done')
    assert.deepEqual(
      [read['callerId'], read['userId'], read['address']],
      ['acme-backend', 'alice', '127.0.0.1'],
    )
    assert.equal((await written('revoke_user', 'refused'))['callerId'], 'alice')
    assert.equal((await written('kick_endpoint', 'done'))['userEndpointId'], phone)
    assert.equal((await written('revoke_user', 'done'))['callerId'], 'boss')
    const text = await readFile(file, 'utf8')
    for (const secret of [alice, boss, backend, 'alice-password', 'CallOffered'])
      assert.ok(!text.includes(secret), secret)
  })

  it('has guesses, and the administrator of the user is told that its sign-ins are held off', {
    skip: ofOneProcess('each holds off by what it has seen'),
  }, async () => {
    const guess = () => tokenOfUser(server.url, 'bob', 'a-guessed-password').catch((error: Error) => error)
    await Promise.all(Array.from({ length: 30 }, guess))
    assert.equal((await written('sign_in', 'invalid_grant'))['userId'], 'bob')
    assert.equal((await written('sign_ins_held_off', 'rate_limited'))['userId'], 'bob')
    await eventually(() => receiver.taken.length === 1, 'the webhook is told, once')
    const { type, organizationId, userId, reason, ...more } = receiver.taken[0] as LifecycleEvent
    assert.deepEqual(
      [type, organizationId, userId, reason],
      ['SignInLockedEvent', 'acme', 'bob', 'too_many_attempts'],
    )
    assert.deepEqual(Object.keys(more).sort(), ['id', 'sequence', 'timestamp'])
    assert.ok(!(await readFile(file, 'utf8')).includes('a-guessed-password'))
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    assert.match(metrics, /^rollcall_sign_in_lockouts_total 1$/m)
    assert.match(server.output(), /sign-ins of a user are held off/)
  })

  it('goes on in a new file once the old one was moved away', {
    skip: process.platform === 'win32' && 'there are no signals',
  }, async () => {
    await rename(file, `${file}.1`)
    server.signal('SIGHUP')
    await eventually(() => server.output().includes('directory reloaded'), 'the signal was heard')
    await tokenOfUser(server.url, 'carol')
    assert.equal((await written('sign_in', 'done'))['userId'], 'carol')
  })
})
