import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@rollcall/client/client'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { isAnswered, tryCall } from '../helpers/recorded-call.ts'
import { NO_REDIS } from '../helpers/redis-server.ts'
import { eventually } from '../helpers/run-server.ts'

const SCRIPT = new URL('../../scripts/cluster.mjs', import.meta.url)
/** What is alice's is on the third primary, bob's on the second, and the backend's keys are on the first. */
const USERS = ['alice', 'bob']
/** What did not come about is asked for again under its key. */
const AGAIN_AFTER_MS = 100

/** As somebody has it who tries it by hand: `kill -9` of what it says there is, and a look at what it says then. */
describe('the demo cluster', { skip: NO_REDIS ?? false, timeout: 120_000 }, () => {
  let demo: ChildProcess
  let said = ''
  let urls: readonly string[] = []
  let acme = ''
  const phones = new Map<string, Phone[]>()
  const answered: string[] = []
  let isSending = true
  let sending: readonly Promise<void>[] = []

  before(async () => {
    demo = spawn(process.execPath, [SCRIPT.pathname], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    demo.stdout?.on('data', (text: Buffer) => {
      said += text.toString()
    })
    await eventually(() => said.includes('Ctrl+C ends it all'), 'it is there', 60_000)
    urls = [...said.matchAll(/(http:\/\/\S+)\/console\//g)].map(([, url = '']) => url)
    acme = await tokenOf(urls[1] ?? '', 'acme-backend')
    for (const user of USERS) await come(user, 0, true)
    sending = USERS.map(send)
  })
  after(async () => {
    demo.kill('SIGKILL')
    await Promise.all([...phones.values()].flat().map((phone) => phone.end()))
  })

  async function come(user: string, at: number, isNew = false): Promise<void> {
    const url = urls[at] ?? ''
    const { accessToken } = await signIn(url, user)
    const client = createClient({ url, token: accessToken })
    if (isNew) await client.register({ userEndpointId: 'phone', keepAliveSeconds: 600 })
    const phone = await connectPhone(url, user, accessToken, { protocolVersion: 5 })
    await phone.subscribe('users/endpoints/phone')
    phones.set(user, [...(phones.get(user) ?? []), phone])
  }

  /** One event after the other, each until it is answered or all is over. */
  async function send(user: string): Promise<void> {
    for (let n = 0; isSending; n++) {
      const key = `${user}-${n}`
      const command = JSON.stringify(offer(user, { qos: 1 }, { n: key }))
      while (isSending && !(await isTaken(key, command))) await sleep(AGAIN_AFTER_MS)
      await sleep(20)
    }
  }

  async function isTaken(key: string, command: string): Promise<boolean> {
    const line = 'POST users/endpoints/sendEvent'
    const answer = await tryCall(urls[1] ?? '', acme, line, command, { 'idempotency-key': key })
    const isSent = isAnswered(answer) && answer.status === 200
    if (isSent) answered.push(key)
    return isSent
  }

  const got = () =>
    new Set([...phones.values()].flat().flatMap(({ received }) => received.map(({ event }) => event['n'])))
  const kill = (what: string): void => {
    const pid = Number(new RegExp(`^ +${what} +process (\\d+)`, 'm').exec(said)?.[1])
    process.kill(pid, 'SIGKILL')
  }

  it('brings to phones at one node what comes to the other', async () => {
    await eventually(() => got().size > 10, 'events arrive')
  })

  it('says that a node was killed, and starts it again', async () => {
    kill('node a')
    await eventually(() => said.includes('node a has ended (SIGKILL)'), 'it says so')
    for (const user of USERS) await come(user, 1)
    const before = answered.length
    await eventually(() => answered.length > before + 10, 'events are taken')
    await eventually(
      async () => (await fetch(`${urls[0]}/health/ready`).catch(() => undefined))?.ok === true,
      'it is back',
    )
  })

  it('says that a primary was killed, of which others notice nothing', async () => {
    kill('redis 2')
    await eventually(() => said.includes('redis 2 has ended (SIGKILL)'), 'it says so')
    await eventually(
      () => /node [ab]: .*redis/i.test(said.slice(said.indexOf('redis 2 has ended'))),
      'its nodes do',
      20_000,
    )
    const ofAlice = () => answered.filter((n) => n.startsWith('alice')).length
    const before = ofAlice()
    await eventually(() => ofAlice() > before + 10, 'events are taken')
  })

  it('has lost nothing that was answered meanwhile', async () => {
    isSending = false
    await Promise.all(sending)
    await eventually(() => answered.every((n) => got().has(n)), 'all of it arrives', 20_000)
  })

  it('leaves no process behind', async () => {
    demo.kill('SIGTERM')
    const [code] = await once(demo, 'exit')
    assert.equal(code, 0)
    for (const [, pid] of said.matchAll(/process (\d+)/g))
      assert.throws(() => process.kill(Number(pid), 0), `process ${pid} is gone`)
  })
})
