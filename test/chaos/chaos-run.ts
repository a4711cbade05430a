import { setTimeout as sleep } from 'node:timers/promises'
import { requestToken } from '@rollcall/client/client'
import { isLifecycleEventType, LIFECYCLE_EVENTS, type LifecycleEvent } from '@rollcall/protocol/lifecycle'
import { call } from '../helpers/call.ts'
import { Crowd } from '../helpers/crowd.ts'
import type { Networks } from '../helpers/networks.ts'
import { nodeName } from '../helpers/nodes.ts'
import { RecordedDevice } from '../helpers/recorded-device.ts'
import { RecordedSender } from '../helpers/recorded-sender.ts'
import { RecordedSignIn } from '../helpers/recorded-sign-in.ts'
import { RecordedVisitor } from '../helpers/recorded-visitor.ts'
import { orClosed } from '../helpers/redis-cluster.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'
import type { Verdict } from '../history/checker.ts'
import type { Line } from '../history/lines.ts'
import { readOutcomes, recount } from './last-look.ts'
import { LinkWatch } from './link-watch.ts'
import { SECRET, type Service, startService } from './service.ts'
import { Troubles } from './troubles.ts'

const DEVICES_PER_USER = 8
/** Long enough for everybody to come to rest on a slow machine. */
const KEEP_ALIVE_SECONDS = 60
/** A node that died is buried by then, and what it did is done by others. */
const BURIED_WITHIN_MS = 14_000
const TYPES = Object.keys(LIFECYCLE_EVENTS).filter(isLifecycleEventType)
const SENDERS = 3
/** Each device does something so often a second, all together, beside what comes to them. */
const CALLS_PER_SECOND = 60
const VISIT_REST_MS = 1_500
const REFRESH_REST_MS = 400
const ANSWERED_WITHIN_MS = 30_000

export type ChaosOptions = {
  readonly seed: number
  readonly nodes: number
  readonly devices: number
  /** Three Redis primaries with a replica each; otherwise one Redis. */
  readonly isCluster: boolean
  readonly networks?: Networks | undefined
  /** Default: 8. */
  readonly devicesPerUser?: number
  /** How long each device thinks before it acknowledges. Default: now and then a while. */
  readonly slowMs?: () => number
  readonly env?: Record<string, string>
  readonly redisOptions?: readonly string[]
  readonly onLine?: (line: Line) => void
}

type Parts = {
  readonly crowd: Crowd
  readonly service: Service
  readonly receiver: WebhookReceiver
  readonly users: readonly string[]
  readonly slowMs: (() => number) | undefined
  readonly links: LinkWatch
}

/** Real processes on real Redises, phones and backends on them, and a webhook's receiver: all that they see is judged. */
export class ChaosRun {
  readonly crowd: Crowd
  readonly service: Service
  readonly troubles: Troubles
  readonly users: readonly string[]
  readonly #receiver: WebhookReceiver
  readonly senders: RecordedSender[] = []
  readonly #signIns: RecordedSignIn[] = []
  #backend = ''
  #toldAtMs = 0
  #isOver = false
  /** The only node that calls come to. Default: which one is drawn. */
  pinned: number | undefined
  readonly #slowMs: () => number
  #others: readonly Promise<void>[] = []

  private constructor({ crowd, service, receiver, users, slowMs = crowd.slowMs, links }: Parts) {
    this.crowd = crowd
    this.service = service
    this.#receiver = receiver
    this.users = users
    this.#slowMs = slowMs
    this.troubles = new Troubles(service, crowd, links)
  }

  static async start(options: ChaosOptions): Promise<ChaosRun> {
    const { nodes, devices, devicesPerUser = DEVICES_PER_USER, slowMs, networks, ...rest } = options
    const links = new LinkWatch()
    const crowd = crowdOf(options, links)
    const users = Array.from({ length: Math.ceil(devices / devicesPerUser) }, (_, index) => `user-${index}`)
    const receiver = new WebhookReceiver(networks?.gateway)
    await receiver.start()
    const started = startService({ ...rest, nodes, users, receiver, networks })
    const service = await started.catch(async (error: unknown) => {
      await receiver.stop()
      throw error
    })
    const run = new ChaosRun({ crowd, service, receiver, users, slowMs, links })
    return orClosed(run, async () => {
      await run.troubles.scene.allReady()
      await run.#gather(devices)
    })
  }

  /** Which node a call comes to is drawn. */
  readonly url = (): string => {
    const { nodes } = this.service
    return nodes.at(this.pinned ?? this.crowd.dice.roll(nodes.all.length)).url
  }

  async #gather(devices: number): Promise<void> {
    const { recorder } = this.crowd
    this.#listen()
    const onEnded = (why: string): void => void this.troubles.scene.complaints.push(why)
    for (const username of this.users)
      this.#signIns.push(
        await RecordedSignIn.of({
          ...{ recorder, url: this.url, organizationId: 'acme', username, password: SECRET, onEnded },
        }),
      )
    for (let index = 0; index < devices; index++) this.crowd.devices.push(this.#device(index))
    const grant = { type: 'client_credentials' } as const
    const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS)
    const asked = { url: this.url(), clientId: 'backend', clientSecret: SECRET, grant, signal }
    this.#backend = (await requestToken(asked)).accessToken
    const client = { organizationId: 'acme', clientId: 'backend', token: 'backend' }
    for (let index = 0; index < SENDERS; index++)
      this.senders.push(
        new RecordedSender({ recorder, url: this.url, ...client, accessToken: this.#backend }),
      )
  }

  #device(index: number): RecordedDevice {
    const { recorder, dice } = this.crowd
    const place = index % this.users.length
    const userId = this.users[place] ?? ''
    return new RecordedDevice({
      ...{ recorder, url: this.url, organizationId: 'acme', userId, userEndpointId: `device-${index}` },
      ...{ keepAliveSeconds: KEEP_ALIVE_SECONDS, slowMs: this.#slowMs },
      nodeAt: (url) => nodeName(this.service.nodes.all.findIndex((one) => one.url === url)),
      credential: () => this.#signIns[place]?.credential() ?? { accessToken: '', token: '' },
      protocolVersion: index % 2 === 0 ? 5 : 4,
      answers: () => dice.chance(30),
    })
  }

  /** What the receiver is told; it refuses now and then, and is told again. */
  #listen(): void {
    const { recorder, dice } = this.crowd
    this.#receiver.onEvent = (event) => {
      this.#toldAtMs = performance.now()
      recorder.add({ kind: 'told', webhook: 'acme/hook', ...toldOf(event) })
    }
    this.#receiver.behave = (response) => response.writeHead(dice.chance(10) ? 503 : 204).end()
  }

  /** Everybody begins to register, to listen and to send, and something else goes wrong all the time. */
  async suffer(trouble: (troubles: Troubles) => Promise<void>): Promise<void> {
    const { recorder, dice } = this.crowd
    const own = { organizationId: 'acme', clientId: 'visitor', clientSecret: SECRET }
    const visitor = new RecordedVisitor({ recorder, url: this.url, ...own })
    this.crowd.begin(this.senders)
    this.#others = [
      this.#again(VISIT_REST_MS, () => visitor.visit()),
      this.#again(REFRESH_REST_MS, () => dice.pick(this.#signIns).refresh()),
    ]
    await trouble(this.troubles)
  }

  async #again(restMs: number, what: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await what()
      await sleep(restMs)
    }
  }

  /** Nothing goes wrong any more; all that is owed comes, is counted, and judged. */
  async judge(): Promise<Verdict> {
    this.#isOver = true
    await Promise.all(this.#others)
    await this.crowd.settle()
    this.#receiver.behave = undefined
    // Whoever sent it may have died: then others send it once that one is buried.
    const untilMs = Math.max(this.troubles.scene.lastMs + BURIED_WITHIN_MS, performance.now() + 3_000)
    while (performance.now() < untilMs || performance.now() - this.#toldAtMs < 3_000) await sleep(200)
    const { url } = this.service.nodes.at(0)
    const { recorder } = this.crowd
    for (const eventId of this.crowd.lastSent) await readOutcomes(recorder, url, this.#backend, eventId)
    await recount(recorder, url, this.#backend, this.users)
    this.#listenToNodes()
    return this.crowd.checker.finish()
  }

  /** What Node itself finds wrong with a process is said once, and nothing must be. */
  #listenToNodes(): void {
    for (const [warning] of this.service.nodes.output().matchAll(/^\(node:\d+\).*(?:\n {4}at .*)*/gm))
      this.troubles.scene.complaints.push(warning)
  }

  /** A number that each node tells, added up. */
  async metric(name: string): Promise<number> {
    let sum = 0
    for (const { url } of this.service.nodes.all) {
      const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS)
      const text = await (await fetch(`${url}/metrics`, { signal })).text()
      for (const [, value] of text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm')))
        sum += Number(value)
    }
    return sum
  }

  /** What an answered call has the service tell of now: for scenes that are no crowd. */
  call(line: string, body?: unknown) {
    return call(this.url(), this.#backend, line, body)
  }

  /** Also in the middle of it all: nothing goes on that would keep the process from ending. */
  async close(): Promise<void> {
    this.#isOver = true
    this.crowd.stop()
    for (const one of this.#signIns) one.stop()
    await Promise.all([...this.crowd.devices, ...this.senders].map((one) => one.end()))
    await this.service.close()
    await this.#receiver.stop()
  }
}

/** Devices and backends that make no more calls than the machine is good for. */
function crowdOf({ seed, nodes, devices, onLine }: ChaosOptions, links: LinkWatch): Crowd {
  const names = Array.from({ length: nodes }, (_, index) => nodeName(index))
  return new Crowd({
    ...{ seed, source: 'chaos', hasRaces: true },
    opening: { nodes: names, webhooks: [{ name: 'acme/hook', types: TYPES }] },
    onLine: (line) => {
      links.take(line)
      onLine?.(line)
    },
    ...{ deviceRestMs: Math.max(400, (1_000 * devices) / CALLS_PER_SECOND), senderRestMs: 40 },
  })
}

function toldOf(event: LifecycleEvent) {
  const { type, sequence, organizationId, userId } = event
  const { userEndpointId, reason, eventId }: { userEndpointId?: string; reason?: string; eventId?: string } =
    event
  return {
    ...{ type, sequence, endpoint: `${organizationId}/${userId}/${userEndpointId ?? ''}` },
    ...(reason === undefined ? {} : { reason }),
    ...(eventId === undefined ? {} : { eventId }),
  }
}
