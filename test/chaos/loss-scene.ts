import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { RedisServer } from '../helpers/redis-server.ts'
import { eventually } from '../helpers/run-server.ts'
import type { Verdict } from '../history/checker.ts'
import type { Delivery, Line } from '../history/lines.ts'
import { type ChaosOptions, ChaosRun } from './chaos-run.ts'

/** Each is one person's, so that they are spread over what keeps them. */
const DEVICES = 12
/** How long a device thinks before it acknowledges, where a scene wants to be in between, milliseconds. */
export const THINKING_MS = 400

/** What happens, in the words of the table in `docs/cluster.md`, and what of it is lost. */
export type Loss = {
  readonly what: string
  readonly options: Pick<ChaosOptions, 'isCluster' | 'env' | 'redisOptions'>
  /** It takes networks that can be cut. */
  readonly needsNetworks?: true
  readonly provoke: (scene: LossScene) => Promise<void>
  /** Why it was not lost as the table says; `undefined`: it was. */
  readonly judge: (scene: LossScene, verdict: Verdict) => Promise<string | undefined>
}

/** Phones that are away while something is lost that waits for them, or are there while something is lost on its way. */
export class LossScene {
  readonly run: ChaosRun
  /** What phones got, in order. */
  readonly got: readonly Delivery[]
  readonly acknowledgements: ReadonlyMap<string, number>
  #events = 0

  private constructor(
    run: ChaosRun,
    got: readonly Delivery[],
    acknowledgements: ReadonlyMap<string, number>,
  ) {
    this.run = run
    this.got = got
    this.acknowledgements = acknowledgements
  }

  static async start(options: Omit<ChaosOptions, 'seed' | 'nodes' | 'devices'>): Promise<LossScene> {
    const got: Delivery[] = []
    const acknowledgements = new Map<string, number>()
    const onLine = (line: Line): void => {
      options.onLine?.(line)
      if (line.kind === 'delivery') got.push(line)
      if (line.kind === 'puback') acknowledgements.set(line.eventId, line.atMs)
    }
    const run = await ChaosRun.start({
      ...{ seed: 1, nodes: 2, devices: DEVICES, devicesPerUser: 1, slowMs: () => THINKING_MS },
      ...{ ...options, onLine },
    })
    await Promise.all(run.crowd.devices.map((device) => device.register()))
    return new LossScene(run, got, acknowledgements)
  }

  /** So many events to everybody, one after the other for each. @returns how many were answered with a count */
  async send(rounds: number): Promise<number> {
    const answers = await Promise.all(
      this.run.crowd.devices.map(async (_, index) => {
        let answered = 0
        for (let round = 0; round < rounds; round++) if (await this.sendTo(index)) answered++
        return answered
      }),
    )
    return answers.reduce((sum, count) => sum + count, 0)
  }

  /** @returns its id, where it was answered with a count */
  async sendTo(index: number, qos: 0 | 1 = 1): Promise<string | undefined> {
    const eventId = `event-${++this.#events}`
    const [, userId = '', userEndpointId = ''] = this.run.crowd.devices[index]?.name.split('/') ?? []
    const sender = this.run.senders[index % this.run.senders.length]
    const isAnswered = await sender?.post({ eventId, userId, userEndpointId, qos })
    return isAnswered === true ? eventId : undefined
  }

  /** So often somebody got it. */
  timesOf(eventId: string | undefined): number {
    return this.got.filter((one) => one.eventId === eventId).length
  }

  /** Something is wrong with what keeps everything, from its begin until all are ready again. */
  async trouble(go: () => Promise<void>): Promise<void> {
    const back = this.run.crowd.recorder.fault('store_failed')
    await go()
    await this.run.troubles.cluster?.settled()
    await this.run.troubles.scene.allReady()
    back()
  }

  /** Everybody looks whether they are registered still, comes, and takes what there is. */
  async judge(): Promise<Verdict> {
    const { devices } = this.run.crowd
    await eventually(
      async () => {
        await Promise.all(devices.map((device) => device.keepalive()))
        for (const device of devices) if (!device.isRegistered) await device.register()
        return devices.every(({ isRegistered }) => isRegistered)
      },
      'all are registered',
      20_000,
    )
    return this.run.judge()
  }

  close(): Promise<void> {
    return this.run.close()
  }
}

/** What the checker found wrong, by rule: `R1 24, R6 12`. */
export function violatedIn({ tallies }: Verdict): string {
  const wrong = tallies.filter(({ violated }) => violated > 0)
  return wrong.map(({ name, violated }) => `${name} ${violated}`).join(', ')
}

/** The log of a Redis, as it is on its disk. */
export class AppendLog {
  readonly #folder: string

  constructor({ folder }: RedisServer) {
    this.#folder = join(folder, 'appendonlydir')
  }

  /** How much of it there is now, by file. */
  sizes(): ReadonlyMap<string, number> {
    return new Map(readdirSync(this.#folder).map((name) => [name, statSync(join(this.#folder, name)).size]))
  }

  /** As where power fails, and what came since was on its way to the disk. */
  truncate(to: ReadonlyMap<string, number>): void {
    for (const name of readdirSync(this.#folder)) {
      const size = to.get(name)
      if (size !== undefined && name.endsWith('.aof')) truncateSync(join(this.#folder, name), size)
    }
  }

  copyTo(folder: string): void {
    cpSync(this.#folder, folder, { recursive: true })
  }

  replaceBy(folder: string): void {
    this.remove()
    cpSync(folder, this.#folder, { recursive: true })
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
