import type { Clock, Timer } from '../../../clock/clock.ts'
import { CONTROL, type Partitions } from '../connection/partitions.ts'
import type { Address } from '../connection/wire.ts'
import { Post } from './post.ts'

/** How often it is looked whether a partition is at another Redis now, milliseconds. */
const LOOK_EVERY_MS = 1_000

export type MessagesOptions = {
  readonly partitions: Partitions
  /** Which Redis has a partition now; `undefined`: nobody knows. */
  readonly addressOf: (partition: number) => Address | undefined
  readonly clock: Clock
  /** Tells this process from every other, for its own probes. */
  readonly id: string
  readonly onFailure: (error: Error) => void
}

type Subscription = {
  readonly partition: number
  readonly channel: string
  readonly listener: (message: Buffer) => void
  at: Post | undefined
}

/**
 * Messages between the processes that have the store: sharded channels, each at the Redis of a partition. What is sent while
 * nobody listens, or while a Redis is away, is lost: nothing rests on them but how soon something is noticed.
 */
export class Messages {
  readonly #options: MessagesOptions
  readonly #posts = new Map<string, { readonly post: Post; readonly partition: number }>()
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #timer: Timer

  constructor(options: MessagesOptions) {
    this.#options = options
    this.#timer = options.clock.every(LOOK_EVERY_MS, () => void this.#move())
  }

  /** To one process, by its incarnation. */
  send(node: string, message: Buffer): void {
    const partition = this.#partitionOf(node)
    this.#postOf(partition)?.send(this.#channelOf(partition, node), message)
  }

  /** Hears what is sent to this process under an incarnation. Resolves once it does. Returns what ends it. */
  listen(node: string, listener: (message: Buffer) => void): Promise<() => void> {
    const partition = this.#partitionOf(node)
    return this.#subscribe(partition, this.#channelOf(partition, node), listener)
  }

  /** To all, the sender too. */
  broadcast(message: string): void {
    this.#postOf(CONTROL)?.send(this.#channelOf(CONTROL, 'all'), Buffer.from(message))
  }

  onBroadcast(listener: (message: string) => void): Promise<() => void> {
    const channel = this.#channelOf(CONTROL, 'all')
    return this.#subscribe(CONTROL, channel, (message) => listener(message.toString()))
  }

  close(): void {
    this.#timer.cancel()
    for (const { post } of this.#posts.values()) post.close()
    this.#posts.clear()
  }

  #partitionOf(node: string): number {
    return this.#options.partitions.of(node)
  }

  #channelOf(partition: number, name: string): string {
    return `${this.#options.partitions.baseOf(partition)}to:${name}`
  }

  async #subscribe(
    partition: number,
    channel: string,
    listener: (message: Buffer) => void,
  ): Promise<() => void> {
    const subscription: Subscription = { partition, channel, listener, at: this.#postOf(partition) }
    this.#subscriptions.set(channel, subscription)
    await subscription.at?.add(channel)
    return () => {
      this.#subscriptions.delete(channel)
      subscription.at?.remove(channel)
    }
  }

  /** Subscriptions follow their partitions, and a Redis that has lost the one it was tried out by is left. */
  async #move(): Promise<void> {
    for (const [name, { post, partition }] of this.#posts) {
      const address = this.#options.addressOf(partition)
      if (address === undefined || nameOf(address) === name) continue
      post.close()
      this.#posts.delete(name)
    }
    for (const subscription of this.#subscriptions.values()) {
      const post = this.#postOf(subscription.partition)
      if (post === undefined || post === subscription.at) continue
      subscription.at?.remove(subscription.channel)
      subscription.at = post
      await post.add(subscription.channel)
    }
  }

  #postOf(partition: number): Post | undefined {
    const address = this.#options.addressOf(partition)
    if (address === undefined) return undefined
    const name = nameOf(address)
    const known = this.#posts.get(name)?.post
    if (known !== undefined) return known
    const { clock, partitions, id, onFailure } = this.#options
    const post = new Post({
      ...{ address, clock, onFailure },
      probe: `${partitions.baseOf(partition)}to:probe ${id}`,
      onMessage: (channel, message) => this.#subscriptions.get(channel)?.listener(message),
    })
    this.#posts.set(name, { post, partition })
    post.open().catch(onFailure)
    return post
  }
}

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`
}
