import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseJsonBody } from '../../server/src/parse/parse.ts'
import { openRooms } from '../conformance/rooms.ts'
import { ask, post } from '../helpers/ask.ts'
import { openHttp } from '../helpers/http-fixture.ts'
import { connectClient } from '../helpers/mqtt-client.ts'

const MARK = '\ufeff'
const MAIN = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url))
const EVENT = '{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z","é":1.0}'
const COMMAND = `{"userId":"alice","qos":1,"event":${EVENT}}`
const ALICE = { organizationId: 'acme', userId: 'alice', token: 'a.b.c' }

test('the body of every route that reads one, and its event arrives as written', async (t) => {
  const rooms = await openRooms(ALICE)
  t.after(() => rooms.close())
  const authorization = `Bearer ${ALICE.token}`
  const send = (path: string, text: string, type = 'application/json') =>
    post(rooms.url, `/rtc-api${path}`, MARK + text, { authorization, 'content-type': type })
  const endpoints = '/users/endpoints'
  const register = '{"userEndpointId":"phone","keepAliveSeconds":60}'
  assert.deepEqual(
    [(await send(endpoints, register)).status, (await send(`${endpoints}/register`, register)).status],
    [200, 200],
  )
  const phone = await connectClient(
    t,
    { httpPort: 0, tcpPort: rooms.mqttPort },
    { via: 'tcp', username: 'alice', password: ALICE.token },
  )
  await phone.subscribe('users/endpoints/phone', 1)
  assert.equal((await send(`${endpoints}/keepalive`, '{"userEndpointId":"phone"}')).status, 204)
  assert.equal((await send(`${endpoints}/sendEvent`, COMMAND)).status, 200)
  assert.match((await send(`${endpoints}/sendEvents`, `[${COMMAND}]`)).text, /^\[\{"count":1/)
  assert.match(
    (await send(`${endpoints}/sendEvents`, `\n${COMMAND}\n`, 'application/x-ndjson')).text,
    /^\[\{"count":1.*\}\]$/,
  )
  assert.equal((await send('/masks/preview', `{"event":${EVENT},"masks":["$.é"]}`)).status, 200)
  for (const { payload } of await phone.receive(3))
    assert.equal(payload.replace(/"id":"[^"]+",?/, '').replace(',}', '}'), EVENT)
  assert.equal((await send(`${endpoints}/unregister`, '{"userEndpointId":"phone"}')).status, 204)
})

test('a form of the token endpoint', async (t) => {
  const { listen, oauth } = await openHttp(t)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  await ask(await listen(), 'POST /security/oauth/token', {
    body: `${MARK}grant_type=password&username=a`,
    headers,
  })
  assert.deepEqual(oauth[0]?.parameters, [
    ['grant_type', 'password'],
    ['username', 'a'],
  ])
})

test('one mark, at the beginning only', () => {
  assert.deepEqual(parseJsonBody(Buffer.from(`${MARK}{}`)), {})
  for (const text of [`${MARK}${MARK}{}`, `{}${MARK}`, `{${MARK}}`, MARK])
    assert.throws(() => parseJsonBody(Buffer.from(text)), { code: 'malformed_json' })
})

test('Content-Encoding: identity is none', async (t) => {
  const { listen } = await openHttp(t)
  const url = await listen()
  for (const [coding, status] of [
    ['identity', 200],
    ['Identity', 200],
    ['gzip', 415],
    ['identity, gzip', 415],
  ] as const)
    assert.equal(
      (await post(url, '/rtc-api/users/endpoints', { keepAliveSeconds: 5 }, { 'content-encoding': coding }))
        .status,
      status,
      coding,
    )
})

test('the configuration and the directory file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-mark-'))
  t.after(() => rm(folder, { recursive: true }))
  const [config, directory] = [join(folder, 'config.json'), join(folder, 'directory.json')]
  await writeFile(directory, `${MARK}{"organizations":[{"id":"acme"}]}`, { mode: 0o600 })
  await writeFile(config, `${MARK}${JSON.stringify({ directoryFile: directory })}`, { mode: 0o600 })
  const args = ['-C', 'source', '--import', 'tsx', MAIN, 'check-config', '--config', config]
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  })
  assert.deepEqual([stdout, stderr], ['The configuration is fine.\n', ''])
})
