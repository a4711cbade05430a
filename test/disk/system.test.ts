import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../server/src/clock/clock.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const SOURCE = fileURLToPath(new URL('shim.c', import.meta.url))
const ALICE = { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' }
/** Enough to need several new parts of the log. */
const EVENTS = 60
const PADDING = 'x'.repeat(12_000)
const TRIES_MAX_MS = 60_000

let scratch: Awaited<ReturnType<typeof makeDataDir>>
let shim: string | undefined

before(async () => {
  scratch = await makeDataDir()
  const library = join(scratch.path, 'shim.so')
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'])
  shim = status === 0 && process.platform === 'linux' ? library : undefined
})
after(() => scratch.remove())

/** A server whose disk does what the test says, with one endpoint of Alice's, and what was answered to its backend. */
class Victim {
  readonly #control: string
  readonly server: ServerProcess
  readonly answered: string[] = []
  readonly #token: string
  #sent = 0

  private constructor(server: ServerProcess, control: string, token: string) {
    this.server = server
    this.#control = control
    this.#token = token
  }

  static async start(t: TestContext, preload: string): Promise<Victim> {
    const data = await makeDataDir()
    const control = join(scratch.path, `control-${data.path.split('-').at(-1)}`)
    writeFileSync(control, '')
    const env = { LD_PRELOAD: preload, FAULT_FOLDER: join(data.path, 'store'), FAULT_CONTROL: control }
    const server = await startProcess(data.path, env)
    t.after(async () => {
      writeFileSync(control, '')
      await server.kill()
      await data.remove()
    })
    const { accessToken } = await signIn(server.url, 'alice')
    const wanted = { userEndpointId: 'phone', keepAliveSeconds: 86_400, serverKeepAliveReminderOn: false }
    assert.equal((await post(server, accessToken, '', wanted)).status, 200)
    return new Victim(server, control, await tokenOf(server.url, 'acme-backend'))
  }

  fault(what: string): void {
    writeFileSync(this.#control, what)
  }

  /** Returns the status; remembers what was answered 200. */
  async send(): Promise<number> {
    const id = `event-${this.#sent++}`
    const { event, ...rest } = offer('alice')
    const body = { ...rest, qos: 1, event: { ...event, id, padding: PADDING } }
    const { status } = await post(this.server, this.#token, '/sendEvent', body)
    if (status === 200) this.answered.push(id)
    return status
  }

  /** Sends until one is refused, or so many were not. */
  async sendMany(): Promise<readonly number[]> {
    const statuses: number[] = []
    while (statuses.length < EVENTS && !statuses.includes(503)) statuses.push(await this.send())
    return statuses
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`${this.server.url}/health/ready`)).status === 200
  }

  /** Everything that was answered is there to be delivered, after a crash, once and as it was sent. */
  async assertNothingLost(): Promise<void> {
    await this.server.kill()
    const store = await openFolderStore({ dataDir: this.server.dataDir, clock: systemClock() })
    try {
      const registration = await store.registrations.find(ALICE, store.serviceTime.nowMs())
      assert.ok(registration !== undefined)
      const entries = await store.mailboxes.read(registration, 0, 1e6, 1e9)
      const waiting = entries.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()))
      for (const id of this.answered)
        assert.equal(waiting.filter((event) => event.id === id && event.padding === PADDING).length, 1, id)
    } finally {
      await store.close()
    }
  }
}

function post(server: ServerProcess, token: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${server.url}/rtc-api/users/endpoints${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

const WITHOUT = 'SKIPPED: a C compiler is needed, and a system that preloads libraries'

describe('a server whose system refuses', () => {
  for (const code of ['EIO', 'ENOSPC'])
    it(`answers 503 for as long as operations fail with ${code}, says why, and loses nothing`, async (t) => {
      if (shim === undefined) return t.skip(WITHOUT)
      const victim = await Victim.start(t, shim)
      for (const operation of ['write', 'sync', 'open', 'rename']) {
        const before = victim.answered.length
        assert.equal(await victim.send(), 200)
        victim.fault(`${operation} ${code}`)
        const statuses = await victim.sendMany()
        assert.ok(
          statuses.every((status) => status === 200 || status === 503),
          `${operation} ${statuses}`,
        )
        if (operation === 'write' || operation === 'sync') {
          assert.deepEqual(statuses, [503], operation)
          assert.equal(await victim.isReady(), false)
        }
        victim.fault('')
        await eventually(() => victim.isReady(), `ready after ${operation}`, TRIES_MAX_MS)
        await eventually(
          async () => (await victim.send()) === 200,
          `takes events after ${operation}`,
          TRIES_MAX_MS,
        )
        assert.ok(victim.answered.length > before + 1)
      }
      assert.match(victim.server.output(), new RegExp(`${code}`))
      await victim.assertNothingLost()
    })

  it('answers 503 while a sync takes 8 s, and loses nothing', async (t) => {
    if (shim === undefined) return t.skip(WITHOUT)
    const victim = await Victim.start(t, shim)
    victim.fault('sync 8000')
    const slow = victim.send()
    await eventually(async () => !(await victim.isReady()), 'it says that a write does not end', TRIES_MAX_MS)
    assert.equal(await victim.send(), 503)
    victim.fault('')
    await slow
    await eventually(() => victim.isReady(), 'ready', TRIES_MAX_MS)
    assert.equal(await victim.send(), 200)
    await victim.assertNothingLost()
  })
})
