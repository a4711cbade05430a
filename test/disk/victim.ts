import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock } from '../../server/src/clock/clock.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { entriesOf, liveOf } from '../helpers/mailbox-entries.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const ALICE = { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' }
/** Enough to need several new parts of the log. */
const EVENTS = 60
const PADDING = 'x'.repeat(12_000)

/** A server with one endpoint of Alice's, on a disk that something happens to, and what was answered to its backend. */
export class Victim {
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

  /**
   * @param disk folder for its data; default: a new one
   * @param preload library with which operations fail when `fault` says so
   */
  static async start(
    t: TestContext,
    { disk, preload }: { readonly disk?: string; readonly preload?: string },
  ): Promise<Victim> {
    const scratch = await makeDataDir()
    const control = join(scratch.path, 'control')
    writeFileSync(control, '')
    const dataDir = join(disk ?? scratch.path, 'data')
    const faults = { FAULT_FOLDER: join(dataDir, 'store'), FAULT_CONTROL: control }
    const server = await startProcess(
      dataDir,
      preload === undefined ? {} : { ...faults, LD_PRELOAD: preload },
    )
    t.after(async () => {
      writeFileSync(control, '')
      await server.kill()
      await scratch.remove()
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
      const [registration] = await liveOf(store, ALICE)
      assert.ok(registration !== undefined)
      const entries = await entriesOf(store, registration, 0, 1e6)
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
