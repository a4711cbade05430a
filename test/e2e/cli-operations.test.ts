import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { hashRandomSecret, hashSecret } from '../../server/src/auth/auth.ts'
import { bury } from '../helpers/dead-letters.ts'
import { runCli } from '../helpers/run-cli.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'

const SECRET = 'a-random-secret-of-enough-characters-for-tests'
const BACKEND = { ROLLCALL_CLIENT: 'backend', ROLLCALL_CLIENT_SECRET: SECRET }
const SERVICE = { ROLLCALL_CLIENT: 'service', ROLLCALL_CLIENT_SECRET: SECRET }
const person = (name: string) => ({ ROLLCALL_USER: name, ROLLCALL_PASSWORD: `${name}-password` })

describe('the command line of an operator', () => {
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let server: ServerProcess
  const receiver = new WebhookReceiver()
  const cli = (who: Record<string, string>, ...args: string[]) =>
    runCli(args, { env: { ROLLCALL_URL: server.url, ...who } })

  before(async () => {
    data = await makeDataDir()
    await receiver.start()
    receiver.behave = (response) => response.writeHead(503).end()
    const endpoints = ['e-0', 'e-1', 'e-2'].map((userEndpointId) => ({ userId: 'alice', userEndpointId }))
    await bury(data.path, { webhookId: 'presence', endpoints, failure: 'status_503' })
    const file = join(data.path, 'directory.json')
    await writeFile(file, JSON.stringify(await directory(receiver)))
    server = await startProcess(data.path, {
      DIRECTORY_FILE: file,
      WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1',
    })
  })
  after(async () => {
    await server.kill()
    await receiver.stop()
    await data.remove()
  })

  it('lists webhooks, and what one did not take, page by page', async () => {
    const hooks = await cli(BACKEND, 'webhooks')
    assert.equal(hooks.code, 0, hooks.stderr)
    assert.deepEqual(
      hooks.lines().map(({ id, deadLetters }) => [id, deadLetters]),
      [['presence', 3]],
    )
    const letters = await cli(BACKEND, 'webhooks', 'presence', '--limit', '2')
    assert.equal(letters.lines().length, 2, letters.stderr)
    assert.equal(letters.lines()[0]?.['failure'], 'status_503')
    assert.equal((await cli(BACKEND, 'webhooks', 'nothing')).code, 5)
    assert.equal((await cli(person('alice'), 'webhooks')).code, 4)
  })

  it('tries a webhook, and tells what it was sent lately', async () => {
    const failed = await cli(BACKEND, 'webhooks', 'presence', '--test')
    const [attempt] = failed.lines()
    assert.deepEqual([failed.code, attempt?.['kind'], attempt?.['status']], [1, 'test', 503], failed.stderr)
    assert.equal(receiver.got.at(-1)?.isGenuine, true)
    receiver.behave = undefined
    // Once a second: the command waits for its turn.
    const taken = await cli(SERVICE, 'webhooks', 'presence', '--test', '--organization', 'acme')
    assert.deepEqual([taken.code, taken.lines()[0]?.['status']], [0, 204], taken.stderr)
    receiver.behave = (response) => response.writeHead(503).end()
    const attempts = (await cli(BACKEND, 'webhooks', 'presence', '--attempts')).lines()
    assert.deepEqual(
      attempts.map(({ kind, status }) => [kind, status]),
      [
        ['test', 204],
        ['test', 503],
      ],
    )
    assert.equal((await cli(BACKEND, 'webhooks', 'nothing', '--test')).code, 5)
    assert.equal((await cli(person('alice'), 'webhooks', 'presence', '--test')).code, 4)
    assert.equal((await cli(BACKEND, 'webhooks', '--test')).code, 2)
  })

  it('replays one dead letter, and then all', async () => {
    const letters = (await cli(BACKEND, 'webhooks', 'presence')).lines()
    const ids = letters.map(({ event }) => String(Reflect.get(Object(event), 'id')))
    receiver.behave = undefined
    const one = await cli(BACKEND, 'replay', 'presence', ids[1] ?? '')
    assert.deepEqual([one.code, one.lines()], [0, [{ webhookId: 'presence', count: 1 }]])
    await eventually(() => receiver.taken.some(({ id }) => id === ids[1]), 'it is taken')
    await eventually(
      async () => (await cli(BACKEND, 'webhooks', 'presence')).lines().length === 2,
      'it is gone',
    )
    const rest = await cli(SERVICE, 'replay', 'presence', '--organization', 'acme')
    assert.equal(rest.lines()[0]?.['count'], 2, rest.stderr)
    await eventually(
      async () => (await cli(BACKEND, 'webhooks', 'presence')).lines().length === 0,
      'all are gone',
    )
  })

  it('tells how the organization is doing', async () => {
    const { code, lines, stderr } = await cli(BACKEND, 'stats')
    assert.equal(code, 0, stderr)
    assert.equal(lines()[0]?.['organizationId'], 'acme')
    assert.equal((await cli(SERVICE, 'stats')).lines()[0]?.['organizationId'], null)
    assert.equal((await cli(SERVICE, 'stats', '--organization', 'globex')).lines()[0]?.['registrations'], 0)
  })

  it('kicks an endpoint, however its id is spelled', async () => {
    const id = 'a b ?%2e é'
    const registered = await cli(person('bob'), 'register', '--id', id, '--keep-alive', '600')
    assert.equal(registered.code, 0, registered.stderr)
    const sent = await cli(BACKEND, 'send', 'bob', 'CallOfferedEvent')
    const kicked = await cli(BACKEND, 'kick', 'bob', id)
    assert.deepEqual(
      [kicked.code, kicked.lines()],
      [0, [{ userId: 'bob', userEndpointId: id }]],
      kicked.stderr,
    )
    const [record] = (await cli(BACKEND, 'events', String(sent.lines()[0]?.['eventId']))).lines()
    const [endpoint] = Array.isArray(record?.['endpoints']) ? record['endpoints'] : []
    assert.equal(Reflect.get(Object(endpoint), 'discardReason'), 'kicked', 'the history says why')
    const again = await cli(SERVICE, 'kick', 'bob', id, '--organization', 'acme')
    assert.deepEqual([again.code, again.stdout], [5, ''])
    assert.match(again.stderr, /not_found/)
  })

  it('revokes a user, as an administrator', async () => {
    const token = (await cli(person('bob'), 'token', '--raw')).stdout.trim()
    await cli(person('bob'), 'register', '--id', 'phone', '--keep-alive', '600')
    assert.equal((await cli(person('bob'), 'revoke', 'bob')).code, 4)
    const revoked = await cli(person('boss'), 'revoke', 'bob')
    assert.deepEqual([revoked.code, revoked.lines()], [0, [{ userId: 'bob' }]], revoked.stderr)
    const refused = await cli({ ROLLCALL_TOKEN: token }, 'register', '--id', 'phone')
    assert.equal(refused.code, 4)
    assert.equal((await cli(BACKEND, 'presence', 'bob')).lines()[0]?.['registered'], 0)
  })

  it('refuses what it cannot use, before it asks anybody', async () => {
    for (const args of [
      ['kick', 'bob'],
      ['revoke'],
      ['replay'],
      ['stats', 'x'],
      ['nodes', 'x'],
      ['webhooks', 'a', 'b'],
    ]) {
      const { code, stderr } = await cli(BACKEND, ...args)
      assert.equal(code, 2, args.join(' '))
      assert.match(stderr, /Usage: rollcall/)
    }
  })

  const script = spawnSync('script', ['--version']).status === 0
  it('writes tables for people', { skip: !script && 'needs the program script' }, () => {
    const main = new URL('../../cli/dist/main.js', import.meta.url).pathname
    for (const [command, wanted] of [
      ['webhooks', /WEBHOOK +ENABLED +PENDING +DEAD/],
      ['stats', /connected +0/],
      ['nodes', /\(this one\) +there +0 [\s\S]*embedded +well/],
      ['webhooks presence --attempts', /AT +WHAT +EVENTS +STATUS/],
    ] as const) {
      const { stdout } = spawnSync(
        'script',
        ['-qec', `${process.execPath} ${main} ${command}`, '/dev/null'],
        {
          encoding: 'utf8',
          env: { PATH: process.env['PATH'], ROLLCALL_URL: server.url, ...BACKEND },
        },
      )
      assert.match(stdout, wanted)
    }
  })
})

async function directory({ url, secret }: WebhookReceiver): Promise<object> {
  const client = (id: string, more: object) => ({
    id,
    secretHash: hashRandomSecret(SECRET),
    grants: ['client_credentials'],
    ...more,
  })
  const user = async (username: string, more: object = {}) => ({
    username,
    passwordHash: await hashSecret(`${username}-password`),
    organizationId: 'acme',
    ...more,
  })
  const events = ['UserEndpointRegisteredEvent']
  return {
    organizations: [{ id: 'acme', webhooks: [{ id: 'presence', url, secret, events }] }, { id: 'globex' }],
    users: [
      await user('alice'),
      await user('bob'),
      await user('boss', { authorities: ['ROLE_USER', 'ROLE_ORGANIZATION_ADMIN'] }),
    ],
    clients: [
      { id: 'customer', public: true, grants: ['password', 'refresh_token'] },
      client('backend', { organizationId: 'acme' }),
      client('service', { authorities: ['SERVICE'] }),
    ],
  }
}
