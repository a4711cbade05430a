import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const CARD = '4111-PLANTED-CARD'
const NOTE = 'PLANTED-UNMASKED-NOTE'

describe('what must stay secret', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path, { LOG_LEVEL: 'trace' })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('is on no disk and in no log, and masked events still arrive in clear after a restart', async () => {
    const bob = await signIn(server.url, 'bob')
    await createClient({ url: server.url, token: bob.accessToken }).register({
      userEndpointId: 'phone',
      keepAliveSeconds: 600,
    })
    const acme = await backend(server.url, 'acme-backend')
    const masked = offer(
      'bob',
      { qos: 1, masks: ['$.card.number', '$..cvc'] },
      { card: { number: CARD, cvc: 'PLANTED-CVC' } },
    )
    assert.equal((await acme.sendEvent(masked)).count, 1)
    await acme.sendEvent(offer('bob', { qos: 1 }, { note: NOTE }))
    await refusals(server.url, bob.accessToken)
    // The welcome shows the demo's passwords; log lines are JSON.
    const output = server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .join('\n')
    await server.kill()
    const files = await contentOf(data.path)
    assert.ok(files.includes(NOTE), 'the test can see what is stored in clear')
    for (const secret of [CARD, 'PLANTED-CVC', 'alice-password'])
      assert.ok(!files.includes(secret), `${secret} is on the disk`)
    const tokens = [bob.accessToken, bob.refreshToken ?? 'none'].map((token) => token.slice(-40))
    for (const secret of [CARD, 'PLANTED', NOTE, 'bob-password', 'acme-secret', 'wrong-secret', ...tokens])
      assert.ok(!output.includes(secret), `${secret} is in the log`)
    assert.ok(output.includes('sendEvent'), 'the log has a line for each request')

    server = await startProcess(data.path, { PORT: String(server.port) })
    const phone = await connectPhone(server.url, 'bob', bob.accessToken)
    await phone.subscribe('users/endpoints/phone')
    await eventually(() => phone.received.length === 2, 'both events arrive')
    assert.deepEqual(phone.received[0]?.event['card'], { number: CARD, cvc: 'PLANTED-CVC' })
    await phone.end()
  })

  it('lies in files that nobody else may read', async () => {
    // Ended, so that none comes and goes meanwhile.
    await server.kill()
    for (const file of await filesUnder(data.path)) {
      const { mode } = await stat(file)
      assert.equal(mode & 0o077, 0, `${file} has mode ${(mode & 0o777).toString(8)}`)
    }
  })
})

/** Requests that fail in every way there is, each with something secret in it. */
async function refusals(url: string, token: string): Promise<void> {
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    })
  const send = '/rtc-api/users/endpoints/sendEvent'
  await fetch(
    `${url}/security/oauth/token?grant_type=client_credentials&client_id=acme-backend&client_secret=wrong-secret`,
    { method: 'POST' },
  )
  await post(send, `{"userId":"bob","event":{"type":"${NOTE}"}}`)
  await post(send, `{"userId":"bob","event":${NOTE}}`)
  await post(
    send,
    `{"userId":"bob","masks":["$[?(@.${NOTE}"],"event":{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}}`,
  )
  await post(send, NOTE.repeat(20_000))
  await post(send, NOTE, { 'content-type': `text/${NOTE}` })
  await post(send, NOTE, { authorization: `Bearer ${token}PLANTED` })
  await post(`/rtc-api/${NOTE}?x=${NOTE}`, NOTE)
  await assert.rejects(connectPhone(url, 'alice', token))
  await assert.rejects(connectPhone(url, 'bob', `${token}PLANTED`))
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

async function contentOf(folder: string): Promise<string> {
  const contents = await Promise.all((await filesUnder(folder)).map((file) => readFile(file, 'latin1')))
  return contents.join('\n')
}
