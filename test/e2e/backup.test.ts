import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createClient, type RollcallClient, type Token } from '@rollcall/client/client'
import { backend, offer, signIn, tokenOf } from '../helpers/demo.ts'
import { complaintsAbout, readHistory } from '../helpers/history-checker.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { runCli } from '../helpers/run-cli.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const SERVER = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url))
const BOXES = ['away-1', 'away-2']
const SENDERS = 6
/** Before the backup begins, so that there is more than the log. */
const BEFORE = 1_700
const AT_MOST = 2_900
const SECRET = 'card 4111-1111-1111-1111'

type Sent = { readonly n: number; readonly to: string; readonly eventId: string }

const toOf = (n: number) => ['here', ...BOXES][n % 3] ?? ''
/** Long, so that parts of the log fill, become runs, and are merged while the backup is taken; told from any other. */
const noteOf = (n: number) => createHash('sha256').update(`note ${n}`).digest('hex').repeat(50)

/** Sends from several senders at once until told to stop. */
class Load {
  readonly answered: Sent[] = []
  #next = 0
  #isStopped = false
  readonly #running: Promise<unknown>

  constructor(acme: RollcallClient) {
    this.#running = Promise.all(Array.from({ length: SENDERS }, () => this.#send(acme)))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #send(acme: RollcallClient): Promise<void> {
    while (!this.#isStopped && this.#next < AT_MOST) {
      const n = this.#next++
      const command = { userEndpointId: toOf(n), qos: 1, masks: ['$.card'] }
      const { count, eventId } = await acme.sendEvent(
        offer('bob', command, { n, note: noteOf(n), card: SECRET }),
      )
      assert.equal(count, 1)
      this.answered.push({ n, to: toOf(n), eventId })
    }
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
}

/** All that is under a folder keeps from others, and tells nothing of what is masked. */
function assertPrivate(folder: string): void {
  for (const path of filesIn(folder)) {
    assert.equal(statSync(path).mode & 0o077, 0, path)
    assert.equal(readFileSync(path).includes(SECRET), false, path)
  }
}

async function assertWhole(phone: Phone): Promise<void> {
  for (const { event } of phone.received) {
    assert.equal(event['note'], noteOf(Number(event['n'])))
    assert.equal(event['card'], SECRET)
  }
}

describe('a backup of a server under load', () => {
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let server: ServerProcess
  let bob: Token
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(join(data.path, 'data'))
    bob = await signIn(server.url, 'bob')
    const client = createClient({ url: server.url, token: bob.accessToken })
    for (const userEndpointId of ['here', ...BOXES])
      await client.register({ userEndpointId, keepAliveSeconds: 3600 })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('has all that was answered before, whole, with a consistent history, and nothing masked in clear', async () => {
    const [dataDir, backup, restored] = ['data', 'backup', 'restored'].map((name) => join(data.path, name))
    assert.ok(dataDir !== undefined && backup !== undefined && restored !== undefined)
    const here = await connectPhone(server.url, 'bob', bob.accessToken)
    await here.subscribe('users/endpoints/here')
    const load = new Load(await backend(server.url, 'acme-backend'))
    await eventually(() => load.answered.length >= BEFORE, 'there is something to back up', 60_000)
    const answeredBefore = [...load.answered]
    const taken = await runCli(['backup', backup], { env: { DATA_DIR: dataDir } })
    const answeredMeanwhile = load.answered.length - answeredBefore.length
    await load.stop()
    assert.equal(taken.code, 0, taken.stderr)
    assert.match(taken.stdout, /is complete[\s\S]*sealing\.key too, for its owner alone/)
    assert.ok(answeredMeanwhile > 0, 'the server went on meanwhile')
    assert.ok(filesIn(backup).some((path) => path.endsWith('.rows')))
    await here.end()
    assertPrivate(backup)

    const brought = await runCli(['restore', backup, restored])
    assert.equal(brought.code, 0, brought.stderr)
    const checked = await runCli(['check'], { env: { DATA_DIR: restored } })
    assert.equal(checked.code, 0, checked.stdout)
    const copy = await startProcess(restored)
    try {
      // At another place it is another issuer: nobody's tokens of the old one count.
      const token = await tokenOf(copy.url, 'acme-backend')
      const { accessToken } = await signIn(copy.url, 'bob')
      const records = await readHistory(copy.url, token)
      const ids = answeredBefore.map(({ eventId }) => eventId)
      assert.deepEqual(complaintsAbout(records, ids), [])
      const acknowledged = new Set(
        records.filter(({ endpoints }) => endpoints[0]?.outcome === 'acknowledged').map(({ id }) => id),
      )
      for (const userEndpointId of ['here', ...BOXES]) {
        const expected = answeredBefore.filter(
          ({ to, eventId }) => to === userEndpointId && !acknowledged.has(eventId),
        )
        const phone = await connectPhone(copy.url, 'bob', accessToken)
        await phone.subscribe(`users/endpoints/${userEndpointId}`)
        const seen = () => new Set(phone.received.map(({ event }) => event['id']))
        await eventually(
          () => expected.every(({ eventId }) => seen().has(eventId)),
          `all that waited for ${userEndpointId} arrives`,
          30_000,
        )
        await assertWhole(phone)
        assert.ok(phone.received.every(({ event }) => !acknowledged.has(String(event['id']))))
        await phone.end()
      }
    } finally {
      await copy.kill()
    }
    assertPrivate(restored)
    assert.deepEqual(await (await fetch(`${server.url}/health/ready`)).json(), { status: 'ready' })
  })

  it('goes on after it was killed, and lets no second one in meanwhile', async (t) => {
    const [dataDir, backup] = ['data', 'killed'].map((name) => join(data.path, name))
    assert.ok(dataDir !== undefined && backup !== undefined)
    const env = { PATH: process.env['PATH'], DATA_DIR: dataDir }
    const slow = spawn(process.execPath, [SERVER, 'backup', backup, '--rate', '2'], { env, stdio: 'ignore' })
    const ended = once(slow, 'close')
    t.after(() => slow.kill('SIGKILL'))
    const runs = () => (existsSync(backup) ? filesIn(backup).filter((path) => path.endsWith('.rows')) : [])
    await eventually(() => runs().length > 0, 'a file is copied', 30_000)
    const second = await runCli(['backup', backup], { env: { DATA_DIR: dataDir } })
    assert.deepEqual([second.code, second.stdout], [1, ''])
    assert.match(second.stderr, new RegExp(`in use by process ${slow.pid} `))
    slow.kill('SIGKILL')
    await ended
    const tooEarly = await runCli(['restore', backup, join(data.path, 'too-early')])
    assert.equal(tooEarly.code, 1)
    assert.match(tooEarly.stderr, /is an unfinished backup/)
    const again = await runCli(['backup', backup], { env: { DATA_DIR: dataDir } })
    assert.equal(again.code, 0, again.stderr)
    assert.match(again.stdout, /\(\d+ were there from an earlier try\)/)
    const brought = await runCli(['restore', backup, join(data.path, 'brought')])
    assert.equal(brought.code, 0, brought.stderr)
  })

  it('takes a command line that can be used, and no other', async () => {
    for (const args of [
      ['backup', 'a', '--rate', '0'],
      ['restore', 'a'],
    ])
      assert.equal((await runCli(args, { env: { DATA_DIR: data.path } })).code, 2, args.join(' '))
  })

  it('is no data folder, and says how to make one of it', async () => {
    const backup = join(data.path, 'backup')
    await assert.rejects(startProcess(backup), /is a backup: `rollcall restore/)
  })
})
