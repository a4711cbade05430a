import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '../helpers/call.ts'
import { RecordedSender, type Wanted } from '../helpers/recorded-sender.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { Checker, type Verdict } from '../history/checker.ts'
import { Recorder } from '../history/recorder.ts'
import { createDice, type Dice } from '../sim/dice.ts'
import type { Sample } from './growth.ts'
import { processFigures } from './process-figures.ts'
import { SoakCaller, type Surroundings } from './soak-caller.ts'
import { SoakDevice } from './soak-device.ts'
import { HISTORY_BYTES_MAX, PASSWORD, SECRET, writeSoakDirectory } from './soak-settings.ts'
import { Standstills } from './standstills.ts'

const DEVICES_PER_USER = 3
const SENDERS = 4
/** Of each device, so many events a second are sent: a ring or two an hour, and what a page shows. */
const EVENTS_PER_DEVICE_SECOND = 0.02
/** Devices that come back at one time at the end, and users that sign in at the beginning. */
const AT_ONCE = 32
const SAMPLE_MS = 1_000
const QUIET_MS = 2_000
const SETTLED_WITHIN_MS = 120_000

export type SoakOptions = {
  readonly seed: number
  readonly devices: number
  readonly keepAliveSeconds: number
}

/** A server of every day under devices and backends of every day, for as long as is wanted. */
export class SoakRun {
  readonly samples: Sample[] = []
  /** What devices did, for people. */
  readonly done = new Map<string, number>()
  readonly #checker = new Checker()
  readonly #recorder: Recorder
  readonly #dice: Dice
  readonly #server: ServerProcess
  readonly #folder: Awaited<ReturnType<typeof makeDataDir>>
  readonly #standstills: Standstills
  readonly #devices: SoakDevice[] = []
  readonly #users: SoakCaller[] = []
  readonly #senders: RecordedSender[] = []
  #backend: SoakCaller | undefined
  #events = 0
  #isOver = false

  private constructor(seed: number, server: ServerProcess, folder: Awaited<ReturnType<typeof makeDataDir>>) {
    const write: Checker['take'] = (line) => this.#checker.take(line)
    this.#recorder = new Recorder(write, () => performance.now(), { source: `soak, seed ${seed}` })
    this.#dice = createDice(seed)
    this.#server = server
    this.#standstills = new Standstills(server.url, this.#recorder)
    this.#folder = folder
  }

  static async start(options: SoakOptions): Promise<SoakRun> {
    const { seed, devices, keepAliveSeconds } = options
    const users = Math.ceil(devices / DEVICES_PER_USER)
    const folder = await makeDataDir()
    const tokenSeconds = 3 * keepAliveSeconds
    const server = await startProcess(folder.path, {
      DIRECTORY_FILE: await writeSoakDirectory(folder.path, users),
      ...{ ACCESS_TOKEN_TTL_SECONDS: String(tokenSeconds), LINKS_MAX: String(2 * devices) },
      ...{ HISTORY_BYTES_MAX: String(HISTORY_BYTES_MAX), ADDRESS_SHARE_PERCENT: '100' },
      ...{ ORGANIZATION_SHARE_PERCENT: '100', TOKENS_PER_SECOND_PER_ADDRESS: '100000' },
      TOKENS_PER_SECOND_PER_CLIENT: '100000',
    })
    const run = new SoakRun(seed, server, folder)
    await run.#gather(users, devices, { keepAliveSeconds, tokenSeconds })
    return run
  }

  async #gather(users: number, devices: number, pace: Surroundings['pace']): Promise<void> {
    const { url } = this.#server
    const [recorder, dice, done] = [this.#recorder, this.#dice, this.done]
    const surroundings: Surroundings = { recorder, dice, url, pace, done }
    const grant = { type: 'client_credentials' } as const
    const backend = new SoakCaller(surroundings, {
      name: 'backend',
      clientId: 'backend',
      clientSecret: SECRET,
      grant,
    })
    this.#backend = backend
    for (let index = 0; index < users; index++) this.#users.push(new SoakCaller(surroundings, userOf(index)))
    await inTurns([backend, ...this.#users], (caller) => caller.signIn())
    for (let index = 0; index < devices; index++) {
      const user = this.#users[index % users]
      if (user !== undefined) this.#devices.push(new SoakDevice(surroundings, user, `device-${index}`))
    }
    for (let index = 0; index < SENDERS; index++)
      this.#senders.push(
        new RecordedSender({
          recorder,
          url: () => url,
          organizationId: 'acme',
          clientId: 'backend',
          get accessToken() {
            return backend.accessToken
          },
          get token() {
            return backend.tokenName
          },
        }),
      )
  }

  /** Everybody comes, lives and is sent events, and once a second it is looked at what the server takes. */
  async live(seconds: number): Promise<void> {
    this.#standstills.start()
    await inTurns(this.#devices, (device) => device.comeBack())
    const running = [
      ...this.#devices.map((device) => this.#keep(device)),
      ...this.#senders.map((sender) => this.#send(sender)),
    ]
    const untilMs = performance.now() + 1_000 * seconds
    while (performance.now() < untilMs) {
      this.samples.push(await this.#sample())
      await sleep(SAMPLE_MS)
    }
    this.#isOver = true
    await Promise.all(running)
  }

  async #keep(device: SoakDevice): Promise<void> {
    for (;;) {
      await this.#rest(device.restMs())
      if (this.#isOver) return
      await device.act()
    }
  }

  async #send(sender: RecordedSender): Promise<void> {
    const perSecond = (EVENTS_PER_DEVICE_SECOND * this.#devices.length) / SENDERS
    while (!this.#isOver) {
      await this.#backend?.renew()
      const roll = this.#dice.roll(10)
      if (roll < 7) await sender.post(this.#want())
      else if (roll < 9) await sender.publish(this.#want())
      else await sender.bulk(Array.from({ length: 5 }, () => this.#want()))
      await this.#rest((500 + this.#dice.roll(1_000)) / perSecond)
    }
  }

  #want(): Wanted {
    const [, userId = '', userEndpointId = ''] = this.#dice.pick(this.#devices).name.split('/')
    const eventId = `event-${++this.#events}`
    return {
      ...{ eventId, userId, qos: this.#dice.chance(70) ? 1 : 0 },
      ...(this.#dice.chance(50) ? { userEndpointId } : {}),
      ...(this.#dice.chance(10) ? { key: `key-${eventId}` } : {}),
      ...(this.#dice.chance(20) ? { ttlSeconds: 2 + this.#dice.roll(30) } : {}),
    }
  }

  /** Less where it is over meanwhile. */
  async #rest(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0 && !this.#isOver; leftMs -= SAMPLE_MS)
      await sleep(Math.min(leftMs, SAMPLE_MS))
  }

  async #sample(): Promise<Sample> {
    const { pid, dataDir, url } = this.#server
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const [, links = '0'] = /^rollcall_links (\d+)$/m.exec(metrics) ?? []
    const { sockets, ...figures } = processFigures(pid, dataDir)
    return {
      atMs: performance.now(),
      figures: { ...figures, 'sockets beside links': sockets - Number(links) },
    }
  }

  /** Nobody sends any more; everybody comes back and takes what waits. What was seen is judged. */
  async judge(): Promise<Verdict> {
    await eventually(() => this.#isSettled(), 'everybody is back and has everything', SETTLED_WITHIN_MS)
    await this.#standstills.stop()
    this.#recorder.add({ kind: 'settled' })
    await this.#recount()
    return this.#checker.finish()
  }

  /** Nobody is let expire meanwhile. */
  async #isSettled(): Promise<boolean> {
    await inTurns(this.#devices, (device) => device.comeBack())
    const lastMs = Math.max(...this.#devices.map((device) => device.lastMs))
    return this.#devices.every(({ isThere }) => isThere) && performance.now() - lastMs > QUIET_MS
  }

  /** What the service believes that there is, and what there is when everybody is looked at. */
  async #recount(): Promise<void> {
    const { url } = this.#server
    await sleep(1_100)
    await this.#backend?.renew()
    const token = this.#backend?.accessToken ?? ''
    const { json } = await call(url, token, 'GET statistics')
    const { registrations, mailboxEvents } = json as { registrations: number; mailboxEvents: number }
    const depths: Record<string, number> = {}
    await inTurns(this.#users, async ({ name }) => {
      const listed = await call(url, token, `GET users/${name}/endpoints`)
      for (const { id, mailboxDepth } of listed.json as { id: string; mailboxDepth: number }[])
        depths[`acme/${name}/${id}`] = mailboxDepth
    })
    const waiting = Object.values(depths).reduce((sum, depth) => sum + depth, 0)
    const counted = { registrations: Object.keys(depths).length, mailboxEvents: waiting }
    this.#recorder.add({ kind: 'recount', totals: { registrations, mailboxEvents }, counted, depths })
  }

  /** How often the server stood still, on a machine that is too busy. */
  get standstills(): number {
    return this.#standstills.count
  }

  /** What the server has warned of. */
  warnings(): readonly string[] {
    const lines = this.#server.output().split('\n')
    return lines.filter((line) => /^\{"level":[456]0/.test(line))
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.#standstills.stop()
    await Promise.all([...this.#devices, ...this.#senders].map((one) => one.end()))
    await this.#server.terminate()
    await this.#folder.remove()
  }
}

function userOf(index: number) {
  const name = `user-${index}`
  return {
    name,
    clientId: 'phones',
    grant: { type: 'password', username: name, password: PASSWORD },
  } as const
}

/** Some at a time. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values()
  const workOff = async (): Promise<void> => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, workOff))
}
