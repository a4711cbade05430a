import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '../helpers/call.ts'
import { Crowd } from '../helpers/crowd.ts'
import { signIn, tokenOf } from '../helpers/demo.ts'
import { endCall, tryCall } from '../helpers/recorded-call.ts'
import { RecordedDevice } from '../helpers/recorded-device.ts'
import { RecordedSender } from '../helpers/recorded-sender.ts'
import { freePort, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { tallyText, violationText } from '../history/verdict-text.ts'

const USERS = ['alice', 'bob']
const DEVICES = 20
const KEEP_ALIVE_SECONDS = 20
const UNDER_LOAD_MS = 2500
const SEED = 11

describe('a server that is killed under devices and backends', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let env: Record<string, string>
  const crowd = new Crowd({ seed: SEED, source: 'killed under load' })
  const { recorder } = crowd
  const senders: RecordedSender[] = []
  let backend = ''
  const url = () => server.url

  before(async () => {
    data = await makeDataDir()
    // It comes back where it was: devices know one address.
    env = { PORT: String(await freePort()), PUBLIC_URL: 'http://rollcall.test' }
    server = await startProcess(data.path, env)
    for (const userId of new Set(USERS))
      recorder.begin({ op: 'token', user: `acme/${userId}`, issues: userId }).ok()
    const tokens = new Map<string, string>()
    for (const userId of new Set(USERS)) tokens.set(userId, (await signIn(server.url, userId)).accessToken)
    for (let index = 0; index < DEVICES; index++) {
      const userId = USERS[index % USERS.length] ?? ''
      const credential = { accessToken: tokens.get(userId) ?? '', token: userId }
      const device = { organizationId: 'acme', userId, userEndpointId: `device-${index}` }
      crowd.devices.push(
        new RecordedDevice({
          recorder,
          url,
          ...device,
          credential: () => credential,
          keepAliveSeconds: KEEP_ALIVE_SECONDS,
          slowMs: crowd.slowMs,
        }),
      )
    }
    backend = await tokenOf(server.url, 'acme-backend')
    const client = {
      organizationId: 'acme',
      clientId: 'acme-backend',
      accessToken: backend,
      token: 'backend',
    }
    for (let index = 0; index < 3; index++) senders.push(new RecordedSender({ recorder, url, ...client }))
  })
  after(async () => {
    await Promise.all([...crowd.devices, ...senders].map((one) => one.end()))
    await server.kill()
    await data.remove()
  })

  async function killAndRestart(): Promise<void> {
    const back = recorder.fault('node_died')
    await server.kill()
    server = await startProcess(data.path, env)
    back()
  }

  /** After it nobody takes the token. */
  async function revokeAlice(): Promise<void> {
    const issued = recorder.begin({ op: 'token', user: 'acme/alice', issues: 'to be revoked' })
    const { accessToken } = await signIn(server.url, 'alice')
    issued.ok()
    const revoked = recorder.begin({ op: 'revoke', user: 'acme/alice', revokes: 'to be revoked' })
    const body = new URLSearchParams({ client_id: 'customer', token: accessToken })
    const { status } = await fetch(`${server.url}/security/oauth/revoke`, { method: 'POST', body })
    assert.equal(status, 200)
    revoked.ok()
    const look = recorder.begin({
      op: 'look',
      endpoint: crowd.devices[0]?.name ?? '',
      token: 'to be revoked',
    })
    endCall(look, await tryCall(server.url, accessToken, 'GET users/endpoints'), () => ({ present: true }))
  }

  /** What the service believes that there is in the organization, and what there is when everybody is looked at. */
  async function recount(): Promise<void> {
    await sleep(1100)
    const { json } = await call(server.url, backend, 'GET statistics')
    const { registrations, mailboxEvents } = json as { registrations: number; mailboxEvents: number }
    const depths: Record<string, number> = {}
    for (const userId of USERS) {
      const listed = await call(server.url, backend, `GET users/${userId}/endpoints`)
      for (const { id, mailboxDepth } of listed.json as { id: string; mailboxDepth: number }[])
        depths[`acme/${userId}/${id}`] = mailboxDepth
    }
    const waiting = Object.values(depths).reduce((sum, depth) => sum + depth, 0)
    const counted = { registrations: Object.keys(depths).length, mailboxEvents: waiting }
    recorder.add({ kind: 'recount', totals: { registrations, mailboxEvents }, counted, depths })
  }

  it('keeps what it promised to all of them', { timeout: 90_000 }, async () => {
    const [sender] = senders
    assert(sender !== undefined)
    await crowd.hearTwice(sender)
    crowd.begin(senders)
    await sleep(UNDER_LOAD_MS)
    await killAndRestart()
    await sleep(UNDER_LOAD_MS)
    await crowd.settle()
    await recount()
    await revokeAlice()
    const verdict = crowd.checker.finish()
    assert.deepEqual(verdict.violations.map(violationText), [])
    // What found nothing to look at has shown nothing. Webhooks, races and the directory are for the simulation.
    for (const { name, held } of verdict.tallies)
      if (!['R8', 'R9', 'R10', 'R14'].includes(name)) assert.ok(held > 0, `${name}\n${tallyText(verdict)}`)
  })
})
