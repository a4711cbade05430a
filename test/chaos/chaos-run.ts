import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requestToken } from '@rollcall/client/client'
import { isLifecycleEventType, LIFECYCLE_EVENTS, type LifecycleEvent } from '@rollcall/protocol/lifecycle'
import { call } from '../helpers/call.ts'
import { Crowd } from '../helpers/crowd.ts'
import { Nodes } from '../helpers/nodes.ts'
import { RecordedDevice } from '../helpers/recorded-device.ts'
import { RecordedSender } from '../helpers/recorded-sender.ts'
import { makeDataDir } from '../helpers/run-server.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'
import type { Verdict } from '../history/checker.ts'
import type { Line } from '../history/lines.ts'
import { Troubles } from './troubles.ts'

/** Of `acme-secret`. */
const HASH = 'sha256$MHxgn4faQ8PVY0KKT379-YV_SHH9EEZXMsSrEamFoIw'
const USERS = ['alice', 'bob', 'carol', 'dave']
const KEEP_ALIVE_SECONDS = 30
/** A node that died is buried by then, and what it did is done by others. */
const BURIED_WITHIN_MS = 14_000
const TYPES = Object.keys(LIFECYCLE_EVENTS).filter(isLifecycleEventType)

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export type ChaosOptions = {
  readonly seed: number
  readonly nodes: number
  readonly devices: number
  readonly onLine?: (line: Line) => void
}

/** Real processes on a real Redis, phones and backends on them, and a webhook's receiver: all that they see is judged. */
export class ChaosRun {
  readonly crowd: Crowd
  readonly troubles: Troubles
  readonly #nodes: Nodes
  readonly #receiver: WebhookReceiver
  readonly #senders: RecordedSender[] = []
  readonly #folder: Awaited<ReturnType<typeof makeDataDir>>
  #backend = ''
  #toldAtMs = 0

  private constructor(
    crowd: Crowd,
    nodes: Nodes,
    receiver: WebhookReceiver,
    folder: Awaited<ReturnType<typeof makeDataDir>>,
  ) {
    this.crowd = crowd
    this.#nodes = nodes
    this.#receiver = receiver
    this.#folder = folder
    this.troubles = new Troubles(nodes, crowd.recorder, crowd.dice)
  }

  static async start({ seed, nodes: count, devices, onLine }: ChaosOptions): Promise<ChaosRun> {
    const names = Array.from({ length: count }, (_, index) => String.fromCharCode(97 + index))
    const opening = { nodes: names, webhooks: [{ name: 'acme/hook', types: TYPES }] }
    const crowd = new Crowd({ seed, source: 'chaos', opening, ...(onLine === undefined ? {} : { onLine }) })
    const folder = await makeDataDir()
    const receiver = new WebhookReceiver()
    await receiver.start()
    const directory = join(folder.path, 'directory.json')
    await writeFile(directory, JSON.stringify(directoryOf(receiver)))
    const nodes = await Nodes.start(count, {
      ...{ DIRECTORY_FILE: directory, WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.0/8', DRAIN_SECONDS: '1' },
      ACCESS_TOKEN_TTL_SECONDS: '86400',
    })
    const run = new ChaosRun(crowd, nodes, receiver, folder)
    await run.#gather(devices)
    return run
  }

  /** Devices and backends; which node each call comes to is drawn. */
  async #gather(devices: number): Promise<void> {
    const { recorder, dice } = this.crowd
    const url = () => this.#nodes.at(dice.roll(this.#nodes.all.length)).url
    this.#listen()
    const tokens = new Map<string, string>()
    for (const userId of USERS) {
      recorder.begin({ op: 'token', user: `acme/${userId}`, issues: userId }).ok()
      tokens.set(userId, await this.#tokenOf(userId))
    }
    for (let index = 0; index < devices; index++) {
      const userId = USERS[index % USERS.length] ?? ''
      this.crowd.devices.push(
        new RecordedDevice({
          ...{ recorder, url, organizationId: 'acme', userId, userEndpointId: `device-${index}` },
          ...{ accessToken: tokens.get(userId) ?? '', token: userId, keepAliveSeconds: KEEP_ALIVE_SECONDS },
          slowMs: this.crowd.slowMs,
          protocolVersion: index % 2 === 0 ? 5 : 4,
        }),
      )
    }
    this.#backend = await this.#tokenOf('backend')
    const client = {
      organizationId: 'acme',
      clientId: 'backend',
      accessToken: this.#backend,
      token: 'backend',
    }
    for (let index = 0; index < 3; index++)
      this.#senders.push(new RecordedSender({ recorder, url, ...client }))
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

  async #tokenOf(clientId: string): Promise<string> {
    const { url } = this.#nodes.at(0)
    const grant = { type: 'client_credentials' } as const
    return (await requestToken({ url, clientId, clientSecret: 'acme-secret', grant })).accessToken
  }

  /** Everybody begins to register, to listen and to send, and something else goes wrong all the time. */
  async suffer(trouble: (troubles: Troubles) => Promise<void>): Promise<void> {
    this.crowd.begin(this.#senders)
    await trouble(this.troubles)
  }

  /** Nothing goes wrong any more; all that is owed comes, is counted, and judged. */
  async judge(): Promise<Verdict> {
    await this.crowd.settle()
    this.#receiver.behave = undefined
    // Whoever sent it may have died: then others send it once that one is buried.
    const untilMs = Math.max(this.troubles.lastMs + BURIED_WITHIN_MS, performance.now() + 3_000)
    while (performance.now() < untilMs || performance.now() - this.#toldAtMs < 3_000) await sleep(200)
    await this.#recount()
    return this.crowd.checker.finish()
  }

  /** What the service believes that there is, and what there is when everybody is looked at. */
  async #recount(): Promise<void> {
    const { url } = this.#nodes.at(0)
    const { json } = await call(url, this.#backend, 'GET statistics')
    const { registrations, mailboxEvents } = json as { registrations: number; mailboxEvents: number }
    const depths: Record<string, number> = {}
    for (const userId of USERS) {
      const listed = await call(url, this.#backend, `GET users/${userId}/endpoints`)
      for (const { id, mailboxDepth } of listed.json as { id: string; mailboxDepth: number }[])
        depths[`acme/${userId}/${id}`] = mailboxDepth
    }
    const waiting = Object.values(depths).reduce((sum, depth) => sum + depth, 0)
    const counted = { registrations: Object.keys(depths).length, mailboxEvents: waiting }
    const totals = { registrations, mailboxEvents }
    this.crowd.recorder.add({ kind: 'recount', totals, counted, depths })
  }

  /** What the nodes have said. */
  output(): string {
    return this.#nodes.all.map((node) => node.output()).join('')
  }

  async close(): Promise<void> {
    await Promise.all([...this.crowd.devices, ...this.#senders].map((one) => one.end()))
    await this.#nodes.close()
    await this.#receiver.stop()
    await this.#folder.remove()
  }
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

/** Everybody is a client here: a phone of a client's own id is its user's. */
function directoryOf(receiver: WebhookReceiver) {
  const clients = ['backend', ...USERS].map((id) => ({
    ...{ id, secretHash: HASH, organizationId: 'acme', grants: ['client_credentials'] },
  }))
  const hook = { id: 'hook', url: receiver.url, secret: receiver.secret, events: ['*'] }
  return { organizations: [{ id: 'acme', webhooks: [hook] }], clients }
}
