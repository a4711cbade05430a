import {
  type Carrier,
  createOwnCarrier,
  type LinkSettings,
  linkOptions,
  type SubscribeRequest,
  type Subscription,
} from '../connect/carrier.ts'
import { openLink } from '../mqtt/link.ts'
import type { ChannelLike, LockManagerLike } from '../platform.ts'
import { SdkError } from '../sdk-error.ts'
import { userOf } from '../token-claims.ts'
import type { GetToken } from '../token-source.ts'
import { onAbort, withTimeout } from '../waiting.ts'
import { reasonOf } from './ended.ts'
import { Hub } from './hub.ts'
import { TabBus } from './tab-bus.ts'

export type TabsSettings = LinkSettings & {
  readonly getToken: GetToken
  readonly fetch: typeof fetch
  readonly locks: LockManagerLike | undefined
  readonly channel: ((name: string) => ChannelLike) | undefined
}

/**
 * One connection for all tabs of a user. Where the platform cannot do that (no Web Locks, no BroadcastChannel, a
 * token that does not say whose it is), each tab has its own.
 */
export function createTabsCarrier(settings: TabsSettings): Carrier {
  const own = createOwnCarrier(settings)
  let group: { readonly name: string; readonly tab: Promise<Tab | undefined> } | undefined
  let isClosed = false
  const leave = (): void => {
    void group?.tab.then((tab) => tab?.close())
    group = undefined
  }
  const tabFor = (token: string): Promise<Tab | undefined> => {
    const name = groupName(settings.url, token)
    if (name === undefined || isClosed) return Promise.resolve(undefined)
    if (group?.name !== name) {
      leave()
      group = { name, tab: joinGroup(settings, name) }
    }
    return group.tab
  }
  return {
    transport: 'websocket',
    async subscribe(request) {
      const tab = await tabFor(request.token)
      return tab === undefined ? own.subscribe(request) : tab.subscribe(request)
    },
    leave,
    close() {
      isClosed = true
      leave()
    },
  }
}

/** Tabs of the same user at the same server. */
function groupName(url: string, token: string): string | undefined {
  const user = userOf(token)
  if (user === undefined) return undefined
  return `rollcall.${new URL(url).origin}.${JSON.stringify([user.organizationId, user.userId])}`
}

async function joinGroup(settings: TabsSettings, name: string): Promise<Tab | undefined> {
  const { locks, channel } = settings
  if (locks === undefined || channel === undefined) return undefined
  try {
    const tab = new Tab(settings, locks, name, new TabBus(channel(name)))
    if (await tab.enter()) return tab
    tab.close()
  } catch {
    // No channel for a page without an origin, for example.
  }
  return undefined
}

/** This tab among those of its user; leads where the browser says so. */
class Tab {
  readonly #settings: TabsSettings
  readonly #locks: LockManagerLike
  readonly #name: string
  readonly #bus: TabBus
  readonly #id: string
  readonly #life = new AbortController()

  constructor(settings: TabsSettings, locks: LockManagerLike, name: string, bus: TabBus) {
    this.#settings = settings
    this.#locks = locks
    this.#name = name
    this.#bus = bus
    this.#id = settings.random.uuid()
  }

  /**
   * Takes the lock by which the others see that this tab lives, and queues for that of the leader, which the browser
   * gives to the next one as soon as the leader's tab is closed or dies.
   *
   * @returns whether there are locks here at all
   */
  async enter(): Promise<boolean> {
    const isAlive = await new Promise<boolean>((resolve) => {
      this.#hold(this.#lifeLock(this.#id), () => void resolve(true)).catch(() => resolve(false))
    })
    if (isAlive) this.#hold(this.#name, () => this.#lead()).catch(() => undefined)
    return isAlive
  }

  close(): void {
    this.#life.abort()
    // After what the last `unsubscribe` sets going.
    queueMicrotask(() => this.#bus.close())
  }

  async subscribe({ userEndpointId, signal, onDelivery, onEnd }: SubscribeRequest): Promise<Subscription> {
    const request = this.#settings.random.uuid()
    const ask = (): void =>
      this.#bus.post({ kind: 'subscribe', tab: this.#id, request, endpoint: userEndpointId })
    let isGranted = false
    let answer: { resolve(): void; reject(error: SdkError): void } | undefined
    let end = (error: SdkError): void => answer?.reject(error)
    const unlisten = this.#bus.listen((message) => {
      if (message.kind === 'leading') {
        if (isGranted) end(new SdkError('link_failed', 'Another tab holds the connection now.'))
        else ask()
        return
      }
      if (!('request' in message) || message.request !== request) return
      if (message.kind === 'subscribed') answer?.resolve()
      else if (message.kind === 'ended')
        void reasonOf(message, { ...this.#settings, userEndpointId, signal }).then((error) => {
          // It may have ended otherwise meanwhile.
          if (!signal.aborted) end(error)
        })
      else if (message.kind === 'delivery') {
        const { packetId, payload } = message
        const ack = (): void => {
          if (packetId !== undefined) this.#bus.post({ kind: 'ack', request, packetId })
        }
        onDelivery({ payload, qos: packetId === undefined ? 0 : 1, ack })
      }
    })
    const close = (): void => {
      unlisten()
      unabort()
      this.#bus.post({ kind: 'unsubscribe', request })
    }
    const unabort = onAbort(signal, () => close())
    const { clock, timeoutMs } = this.#settings
    try {
      await withTimeout({ clock, timeoutMs, signal, what: 'the tab with the connection' }, () => {
        const granted = new Promise<void>((resolve, reject) => {
          answer = { resolve, reject }
        })
        ask()
        return granted
      })
    } catch (error) {
      close()
      throw error
    }
    isGranted = true
    end = (error) => {
      close()
      onEnd(error)
    }
    return { close }
  }

  #lead(): () => void {
    const { getToken, clock, timeoutMs } = this.#settings
    const { signal } = this.#life
    let refused = false
    const hub = new Hub({
      bus: this.#bus,
      open: async (onPublish, onEnd) => {
        const limits = { clock, timeoutMs, signal, what: 'getToken' }
        const token = await withTimeout(limits, (inTime) => getToken({ signal: inTime, refused }))
        try {
          const link = await openLink({ ...linkOptions(this.#settings, token), signal, onPublish, onEnd })
          refused = false
          return link
        } catch (error) {
          refused = error instanceof SdkError && error.code === 'unauthorized'
          throw error
        }
      },
      watch: (tab, onGone) => {
        // Given as soon as its holder is gone; then there is nothing to hold it for.
        this.#locks.request(this.#lifeLock(tab), { signal }, async () => onGone()).catch(() => undefined)
      },
    })
    this.#bus.post({ kind: 'leading', leader: this.#id })
    return () => hub.close()
  }

  /** Holds the lock until the tab leaves. `onGranted` returns what to do then. */
  async #hold(name: string, onGranted: () => (() => void) | undefined): Promise<void> {
    const { signal } = this.#life
    await this.#locks.request(name, { signal }, async () => {
      const onLeave = onGranted()
      await new Promise<void>((resolve) => {
        onAbort(signal, resolve)
      })
      onLeave?.()
    })
  }

  #lifeLock(tab: string): string {
    return `${this.#name}.tab.${tab}`
  }
}
