import type { Clock, Timer } from '../../../clock/clock.ts'
import { openSubscriber, type Subscriber } from '../connection/subscriber.ts'
import { type Address, openWire, type Wire } from '../connection/wire.ts'

/** How often a subscription is tried out, and after what silence it is made anew, milliseconds. */
const PROBE_EVERY_MS = 1_000
const SILENT_MS = 3_000
/** Pause before a lost connection is made anew, at first and at most, milliseconds. */
const PAUSE_MS = 50
const PAUSE_MS_MAX = 1_000

export type PostOptions = {
  readonly address: Address
  readonly clock: Pick<Clock, 'monotonicMs' | 'after' | 'every'>
  /** A channel of this process alone, by which it finds that messages still come. */
  readonly probe: string
  readonly onMessage: (channel: string, message: Buffer) => void
  /** Told why messages cannot be had, once for each reason. */
  readonly onFailure: (error: Error) => void
}

/**
 * Messages over one Redis: one connection to send, one to receive. What cannot be sent now is dropped. A subscription that is
 * alive and starves, as one does after its Redis was replaced, is found by messages to oneself.
 */
export class Post {
  readonly #options: PostOptions
  readonly #channels = new Set<string>()
  readonly #timer: Timer
  #subscriber: Subscriber | undefined
  #publisher: Wire | undefined
  #heardAtMs = 0
  #isClosed = false
  #pauseMs = PAUSE_MS
  #retries: Timer[] = []
  #opening: Promise<void> | undefined

  constructor(options: PostOptions) {
    this.#options = options
    this.#channels.add(options.probe)
    this.#timer = options.clock.every(PROBE_EVERY_MS, () => this.#tryOut())
  }

  /** Makes the first connections. @throws Error where one cannot be made: it goes on trying */
  async open(): Promise<void> {
    this.#opening = Promise.all([this.#publish(), this.#subscribe()]).then(() => undefined)
    await this.#opening
  }

  /** Returns whether it is on its way. */
  send(channel: string, message: Buffer): boolean {
    if (this.#publisher === undefined) return false
    this.#publisher.send('SPUBLISH', [channel, message]).catch(() => undefined)
    return true
  }

  /** Resolves once messages of it come; where they cannot yet, they come later. */
  async add(channel: string): Promise<void> {
    this.#channels.add(channel)
    await this.#opening?.catch(() => undefined)
    await this.#subscriber?.add(channel).catch(() => this.#subscriber?.close())
  }

  remove(channel: string): void {
    this.#channels.delete(channel)
    this.#subscriber?.remove(channel)
  }

  close(): void {
    this.#isClosed = true
    this.#timer.cancel()
    for (const timer of this.#retries) timer.cancel()
    this.#subscriber?.close()
    this.#publisher?.close()
  }

  async #publish(): Promise<void> {
    const { address, clock } = this.#options
    const wire = openWire(address, clock, () => {
      if (this.#publisher !== wire) return
      this.#publisher = undefined
      this.#again(() => this.#publish())
    })
    await this.#connect(wire, () => this.#publish())
    if (!this.#isClosed) this.#publisher = wire
  }

  async #subscribe(): Promise<void> {
    const { address, clock, onMessage } = this.#options
    const subscriber = openSubscriber({
      ...{ address, clock },
      onLost: () => {
        if (this.#subscriber !== subscriber) return
        this.#subscriber = undefined
        this.#again(() => this.#subscribe())
      },
      onMessage: (channel, message) => {
        this.#heardAtMs = clock.monotonicMs()
        if (channel !== this.#options.probe) onMessage(channel, message)
      },
    })
    await this.#connect(subscriber, () => this.#subscribe(), [...this.#channels])
    this.#heardAtMs = clock.monotonicMs()
    if (!this.#isClosed) this.#subscriber = subscriber
  }

  async #connect(
    connection: { open(): Promise<void>; close(): void; add?: (channel: string) => Promise<void> },
    again: () => Promise<void>,
    channels: readonly string[] = [],
  ): Promise<void> {
    try {
      await connection.open()
      for (const channel of channels) await connection.add?.(channel)
      this.#pauseMs = PAUSE_MS
      if (this.#isClosed) connection.close()
    } catch (error) {
      connection.close()
      this.#again(again)
      throw error
    }
  }

  #again(make: () => Promise<void>): void {
    if (this.#isClosed) return
    const { clock, onFailure } = this.#options
    const timer = clock.after(this.#pauseMs, () => {
      this.#retries = this.#retries.filter((one) => one !== timer)
      make().catch((error: unknown) => onFailure(error instanceof Error ? error : new Error(String(error))))
    })
    this.#retries.push(timer)
    this.#pauseMs = Math.min(PAUSE_MS_MAX, 2 * this.#pauseMs)
  }

  #tryOut(): void {
    const { probe, clock } = this.#options
    this.send(probe, Buffer.alloc(0))
    if (clock.monotonicMs() - this.#heardAtMs > SILENT_MS) this.#subscriber?.close()
  }
}
