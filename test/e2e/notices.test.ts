import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { call } from '../helpers/call.ts'
import { offer, secretOf, signIn, tokenOf } from '../helpers/demo.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

let data: Awaited<ReturnType<typeof makeDataDir>>
let server: ServerProcess
before(async () => {
  data = await makeDataDir()
  server = await startProcess(data.path, { MAILBOX_EVENTS_MAX: '1' })
})
after(async () => {
  await server.kill()
  await data.remove()
})

async function notices(clientId: string): Promise<readonly unknown[]> {
  const { status, text } = await call(server.url, await tokenOf(server.url, clientId), 'GET notices')
  assert.equal(status, 200, text)
  return JSON.parse(text).notices
}

it('mailboxes without room are told to their organization, and to nobody else', async () => {
  assert.deepEqual(await notices('acme-backend'), [])
  const { accessToken } = await signIn(server.url, 'bob')
  const command = { userEndpointId: 'phone', keepAliveSeconds: 600 }
  await call(server.url, accessToken, 'POST users/endpoints/register', command)
  const backend = await tokenOf(server.url, 'acme-backend')
  for (const wanted of [200, 429, 429]) {
    const sent = offer('bob', { qos: 1 })
    assert.equal((await call(server.url, backend, 'POST users/endpoints/sendEvent', sent)).status, wanted)
  }
  assert.deepEqual(await notices('acme-backend'), [{ kind: 'mailboxes_full', count: 2 }])
  assert.deepEqual(await notices('globex-backend'), [])
})

it('a disk with little room and a certificate near its end are told, of a real disk and a real certificate', async (t) => {
  const folder = await makeDataDir()
  let one: ServerProcess | undefined
  t.after(async () => {
    await one?.kill()
    spawnSync('umount', [join(folder.path, 'disk')])
    await folder.remove()
  })
  const [disk, cert, key] = ['disk', 'cert.pem', 'key.pem'].map((name) => join(folder.path, name))
  assert.ok(disk !== undefined && cert !== undefined && key !== undefined)
  mkdirSync(disk)
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '5', '-subj', '/CN=rollcall'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key],
  ])
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', disk])
  if (made.status !== 0 || mounted.status !== 0)
    return t.skip('SKIPPED: no certificate can be made, or no disk mounted, here')
  const tls = { TLS_CERT_FILE: cert, TLS_KEY_FILE: key }
  one = await startProcess(join(disk, 'data'), tls)
  const ask = askOver(one.url, readFileSync(cert))
  const basic = Buffer.from(`acme-backend:${secretOf('acme-backend')}`).toString('base64')
  const form = { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' }
  const token = await ask('POST', '/security/oauth/token', form, 'grant_type=client_credentials')
  const bearer = { authorization: `Bearer ${JSON.parse(token).access_token}` }
  const told = async () => JSON.parse(await ask('GET', '/rtc-api/notices', bearer)).notices
  // The room on the disk is looked at every few seconds.
  await eventually(async () => (await told()).length >= 2, 'both are told', 20_000)
  const [low, ends, ...rest] = await told()
  assert.deepEqual([low, ends.kind, rest], [{ kind: 'disk_low' }, 'certificate_ends', []])
  const daysLeft = (Date.parse(ends.at) - Date.now()) / 86_400_000
  assert.ok(daysLeft > 4.9 && daysLeft <= 5, `${daysLeft} days`)
})

/** Requests of a server whose certificate nobody else knows. */
function askOver(url: string, ca: Buffer) {
  return (method: string, path: string, headers: Record<string, string>, body = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request(`${url}${path}`, { method, headers, ca, agent: false }, async (answer) => {
        let text = ''
        for await (const chunk of answer) text += String(chunk)
        if (answer.statusCode === 200) resolve(text)
        else reject(new Error(`${answer.statusCode}: ${text}`))
      })
      asked.on('error', reject).end(body)
    })
}
