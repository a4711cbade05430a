import { endpointTopic } from '@rollcall/protocol/topic'
import type { Publication } from '../mqtt/decode.ts'
import type { Link } from '../mqtt/link.ts'
import { SdkError } from '../sdk-error.ts'
import type { TabMessage } from './messages.ts'
import type { TabBus } from './tab-bus.ts'

export type HubOptions = {
  readonly bus: TabBus
  /** Opens the one connection, with a token of this tab's. */
  readonly open: (
    onPublish: (publication: Publication) => void,
    onEnd: (error: SdkError) => void,
  ) => Promise<Link>
  /** Calls `onGone` once the tab is closed, however it ended. */
  readonly watch: (tab: string, onGone: () => void) => void
}

type Subscriber = {
  readonly tab: string
  readonly request: string
  readonly endpoint: string
  /** QoS 1 events that the tab has not acknowledged. */
  readonly unacknowledged: Set<number>
}

/**
 * The leader's part: holds the one connection, subscribes to the topics of all tabs, and hands each tab its events
 * and the server what they acknowledge. The end of the connection is told to all; each of them comes back by
 * itself.
 */
export class Hub {
  readonly #options: HubOptions
  /** By topic: an endpoint has one subscriber, the newest. */
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #watched = new Set<string>()
  readonly #unlisten: () => void
  #link: Promise<Link> | undefined
  #isClosed = false

  constructor(options: HubOptions) {
    this.#options = options
    this.#unlisten = options.bus.listen((message) => this.#receive(message))
  }

  close(): void {
    this.#isClosed = true
    this.#unlisten()
    this.#drop()
    this.#subscribers.clear()
  }

  #receive(message: TabMessage): void {
    switch (message.kind) {
      case 'subscribe':
        void this.#subscribe(message)
        break
      case 'unsubscribe':
        this.#leave(message.request)
        break
      case 'ack':
        this.#acknowledge(message.request, message.packetId)
        break
      default:
    }
  }

  async #subscribe({ tab, request, endpoint }: Extract<TabMessage, { kind: 'subscribe' }>): Promise<void> {
    const topic = endpointTopic(endpoint)
    // It asks again when a leader shows up, which may be after it was heard.
    if (this.#subscribers.get(topic)?.request === request) return
    const subscriber = { tab, request, endpoint, unacknowledged: new Set<number>() }
    this.#subscribers.set(topic, subscriber)
    this.#watch(tab)
    this.#link ??= this.#open()
    const opening = this.#link
    try {
      const link = await opening
      await link.subscribe(topic)
      this.#options.bus.post({ kind: 'subscribed', request })
    } catch (error) {
      if (this.#subscribers.get(topic) === subscriber) this.#subscribers.delete(topic)
      this.#tellEnd(request, error)
    }
  }

  #open(): Promise<Link> {
    const opening: Promise<Link> = this.#options.open(
      (publication) => this.#deliver(publication),
      (error) => {
        if (this.#link === opening) this.#endAll(error)
      },
    )
    opening.catch(() => {
      if (this.#link === opening) this.#link = undefined
    })
    return opening
  }

  #deliver({ topic, packetId, payload }: Publication): void {
    const subscriber = this.#subscribers.get(topic)
    if (subscriber === undefined) return
    if (packetId !== undefined) subscriber.unacknowledged.add(packetId)
    // A copy: what it is cut from may be large, and would go along.
    this.#options.bus.post({
      kind: 'delivery',
      request: subscriber.request,
      packetId,
      payload: payload.slice(),
    })
  }

  #acknowledge(request: string, packetId: number): void {
    const subscriber = this.#find(request)
    // Not of this connection: the event comes again.
    if (subscriber?.unacknowledged.delete(packetId) !== true) return
    void this.#link?.then((link) => link.ack(packetId), ignore)
  }

  #leave(request: string): void {
    const subscriber = this.#find(request)
    if (subscriber === undefined) return
    const topic = endpointTopic(subscriber.endpoint)
    this.#subscribers.delete(topic)
    // What it has not acknowledged would take up room in flight for as long as the connection lives.
    if (subscriber.unacknowledged.size > 0)
      this.#endAll(new SdkError('link_failed', 'A tab left events behind: connecting again.'))
    else if (this.#subscribers.size === 0) this.#drop()
    // Before the tab unregisters, which would end the connection for all.
    else void this.#link?.then((link) => link.unsubscribe(topic), ignore)
  }

  #watch(tab: string): void {
    if (this.#watched.has(tab)) return
    this.#watched.add(tab)
    this.#options.watch(tab, () => {
      this.#watched.delete(tab)
      if (this.#isClosed) return
      const requests = [...this.#subscribers.values()].filter((one) => one.tab === tab)
      for (const { request } of requests) this.#leave(request)
    })
  }

  #endAll(error: SdkError): void {
    const ended = [...this.#subscribers.values()]
    this.#subscribers.clear()
    this.#drop()
    for (const { request } of ended) this.#tellEnd(request, error, ended.length > 1)
  }

  #drop(): void {
    const link = this.#link
    this.#link = undefined
    void link?.then((open) => open.close(), ignore)
  }

  #tellEnd(request: string, error: unknown, isShared = false): void {
    const { code, message } = error instanceof SdkError ? error : new SdkError('link_failed')
    // That this tab gives up is no reason for another to do so.
    const told = code === 'closed' || code === 'aborted' ? 'link_failed' : code
    this.#options.bus.post({ kind: 'ended', request, code: told, message, isShared })
  }

  #find(request: string): Subscriber | undefined {
    return [...this.#subscribers.values()].find((subscriber) => subscriber.request === request)
  }
}

function ignore(): void {}
