import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@rollcall/client/client'
import type { NodeList } from '@rollcall/protocol/nodes'
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

/** Sooner than this an answer of a node comes, or it has none to give. */
const ANSWERS_WITHIN_MS = 5_000
/** The demo starts a Redis again 15 s after its end, and it has to catch up. */
const BACK_WITHIN_MS = 40_000

/** As somebody has it who tries it by hand: `kill -9` of what it says there is, and a look at what it says then. */
describe('the demo cluster', { skip: NO_REDIS ?? false, timeout: 120_000 }, () => {
  let demo: ChildProcess
  let said = ''
  let urls: readonly string[] = []
  let acme = ''
  let service = ''
  const tokens = new Map<string, string>()
  const phones = new Map<string, Phone[]>()
  const answered: string[] = []
  let isSending = true
  let sending: readonly Promise<void>[] = []

  before(async () => {
    demo = startDemo((text) => {
      said += text
    })
    await eventually(() => said.includes('Ctrl+C ends it all'), 'it is there', 60_000)
    urls = urlsIn(said)
    acme = await tokenOf(urls[1] ?? '', 'acme-backend')
    service = await tokenOf(urls[1] ?? '', 'platform-service')
    for (const user of USERS) {
      tokens.set(user, (await signIn(urls[0] ?? '', user)).accessToken)
      await come(user, 0, true)
    }
    sending = USERS.map(send)
  })
  after(async () => {
    isSending = false
    demo.kill('SIGKILL')
    await Promise.all([...phones.values()].flat().map((phone) => phone.end()))
  })

  /** A phone of the user connects to one of the nodes. */
  async function come(user: string, at: number, isNew = false): Promise<void> {
    const url = urls[at] ?? ''
    const token = tokens.get(user) ?? ''
    if (isNew) await createClient({ url, token }).register({ userEndpointId: 'phone', keepAliveSeconds: 600 })
    const phone = await connectPhone(url, user, token, { protocolVersion: 5 })
    const [granted] = await phone.subscribe('users/endpoints/phone')
    phones.set(user, [...(phones.get(user) ?? []), phone])
    assert.equal(granted, 1)
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

  const answeredOf = (user: string) => answered.filter((key) => key.startsWith(user)).length
  async function goesOn(user: string, timeoutMs?: number): Promise<void> {
    const before = answeredOf(user)
    await eventually(() => answeredOf(user) > before + 10, `events to ${user} are taken`, timeoutMs)
  }

  /** What has come, by its key. */
  const got = () =>
    new Set([...phones.values()].flat().flatMap(({ received }) => received.map(({ event }) => event['n'])))

  /** What a node tells role SERVICE of all of them; `undefined`: it does not answer. */
  async function told(at: number): Promise<NodeList | undefined> {
    const headers = { authorization: `Bearer ${service}` }
    const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS)
    const answer = await fetch(`${urls[at]}/rtc-api/nodes`, { headers, signal }).catch(() => undefined)
    return answer?.ok === true ? ((await answer.json()) as NodeList) : undefined
  }

  it('brings to phones at one node what comes to the other', async () => {
    await eventually(() => got().size > 10, 'events arrive')
  })

  it('says that a primary was killed, of which others notice nothing, and each node tells of the failover', async () => {
    const list = await told(1)
    assert.equal(list?.store.redis?.primaries.length, 3)
    assert.equal(list?.store.redis?.failover, undefined)
    kill(said, 'redis 2')
    await goesOn('alice', 3_000)
    await eventually(() => said.includes('redis 2 has ended (SIGKILL)'), 'it says so')
    for (const at of [0, 1])
      await eventually(async () => (await told(at))?.store.redis?.failover !== undefined, 'it tells', 20_000)
    const after = await told(1)
    const failover = after?.happened.find(({ kind }) => kind === 'redis_failover')
    const [from] = failover?.from ?? []
    assert(from !== undefined)
    assert.deepEqual(failover?.from, [from], 'one had what has passed')
    assert.deepEqual([...(failover?.seenBy ?? [])].sort(), ['a', 'b'])
    const partitions = failover?.partitions ?? 0
    assert.ok(partitions > 80 && partitions < 90, `${partitions} partitions of 256 are a third`)
    const away = after?.happened.filter(({ kind, redis }) => kind === 'redis_away' && redis === from)
    assert.equal(away?.length, 1, 'before that it was away, once')
    const { primaries = [] } = after?.store.redis ?? {}
    assert.deepEqual(
      primaries.map(({ redis, isReached }) => [redis === from, isReached]),
      Array(3).fill([false, true]),
    )
    assert.match(said, /node [ab]: Redis has passed partitions to others/)
    await goesOn('alice', 3_000)
  })

  it('says that a node was killed, starts it again, and the other tells of its death', async () => {
    const id = (await told(1))?.nodes.find(({ name }) => name === 'a')?.id
    assert(id !== undefined)
    kill(said, 'node a')
    await eventually(() => said.includes('node a has ended (SIGKILL)'), 'it says so')
    await come('alice', 1)
    await goesOn('alice')
    await eventually(
      async () => (await told(0))?.nodes.some((node) => node.isSelf && node.id !== id) === true,
      'it is back as another',
      20_000,
    )
    for (const at of [1, 0])
      await eventually(async () => {
        const { nodes = [], happened = [] } = (await told(at)) ?? {}
        const ofIt = happened.filter(({ node }) => node === id).map(({ kind }) => kind)
        return !nodes.some((node) => node.id === id) && ofIt[0] === 'node_gone' && !ofIt.includes('node_left')
      }, 'its death is told')
  })

  it('takes events again for those whose primary was killed once that is back, as a replica', async () => {
    await eventually(() => come('bob', 1).then(...YES_OR_NO), 'a phone of bob connects', BACK_WITHIN_MS)
    await goesOn('bob', BACK_WITHIN_MS)
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
    assert.deepEqual(pidsIn(said).filter(isThere), [])
  })
})

it('a demo cluster that is killed leaves no process and no file behind', {
  skip: NO_REDIS ?? false,
  timeout: 120_000,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  let said = ''
  const onSaid = (text: string): void => {
    said += text
  }
  const demo = startDemo(onSaid, { TMPDIR: folder })
  t.after(() => demo.kill('SIGKILL'))
  await eventually(() => said.includes('Ctrl+C ends it all'), 'it is there', 60_000)
  const pids = pidsIn(said)
  const left = async () => (await readdir(folder)).filter((name) => name.startsWith('rollcall-cluster-'))
  assert.equal((await left()).length, 1)
  assert.deepEqual([pids.length, pids.filter(isThere).length], [8, 8])
  demo.kill('SIGKILL')
  await eventually(() => !pids.some(isThere), 'its processes end')
  await eventually(async () => (await left()).length === 0, 'its folder is gone')
})

const YES_OR_NO = [() => true, () => false] as const

function startDemo(onSaid: (text: string) => void, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const demo = spawn(process.execPath, [SCRIPT.pathname], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  demo.stdout.on('data', (text: Buffer) => onSaid(text.toString()))
  return demo
}

function urlsIn(said: string): readonly string[] {
  return [...said.matchAll(/(http:\/\/\S+)\/console\//g)].map(([, url = '']) => url)
}

function pidsIn(said: string): readonly number[] {
  return [...said.matchAll(/process (\d+)$/gm)].map(([, pid]) => Number(pid))
}

function kill(said: string, what: string): void {
  const pid = new RegExp(`^ +${what} +process (\\d+)`, 'm').exec(said)?.[1]
  assert(pid !== undefined)
  process.kill(Number(pid), 'SIGKILL')
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
