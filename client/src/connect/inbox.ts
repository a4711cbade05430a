import type { Event } from '@rollcall/protocol/event'
import { Backoff } from '../backoff.ts'
import type { ClientClock, ClientRandom } from '../platform.ts'
import { SdkError, textOf } from '../sdk-error.ts'
import { sleep, withTimeout } from '../waiting.ts'
import { EventMemory } from './event-memory.ts'
import { parseEvent } from './parse-event.ts'

/** An event as a connection hands it over. */
export type Delivery = {
  readonly payload: Uint8Array
  readonly qos: 0 | 1
  /** From then on the server forgets it. Does nothing at QoS 0, or once its connection has ended. */
  ack(): void
}

/** What a handler is told beside the event. */
export type EventContext = {
  readonly qos: 0 | 1
  /** 1 for the first call with this event, then more. */
  readonly attempt: number
  /** Aborted when the handler has taken too long, and when the registration is closed. */
  readonly signal: AbortSignal
}

export type EventHandler = (event: Event, context: EventContext) => unknown

export type InboxOptions = {
  readonly onEvent: EventHandler
  readonly onError: (error: SdkError) => void
  /** Called instead of the handler where it says so: the reminder is not the app's. */
  readonly intercept: (event: Event) => boolean
  /** So many events were left unacknowledged that the server will soon send nothing more: connect again. */
  readonly onJam: () => void
  readonly handlerTimeoutMs: number
  readonly handlerAttemptsMax: number
  readonly rememberedEventsMax: number
  readonly queuedEventsMax: number
  readonly clock: ClientClock
  readonly random: ClientRandom
  readonly signal: AbortSignal
}

type Item = { readonly event: Event; delivery: Delivery }

/** Half of what a server keeps in flight on one connection. */
const LEFT_MAX = 32
const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 5_000

/**
 * Hands events to the handler, one after the other in the order in which they came, each once, and acknowledges
 * a QoS 1 event when its handler has succeeded. One whose handler fails at every attempt, or takes too long, is
 * left to the server, which sends it again on the next connection: nothing is lost, and the next event gets its
 * turn.
 */
export class Inbox {
  readonly #options: InboxOptions
  readonly #memory: EventMemory
  /** What waits, and the one that is being handled, in order. */
  readonly #queue = new Map<string, Item>()
  #isRunning = false
  #leftCount = 0

  constructor(options: InboxOptions) {
    this.#options = options
    this.#memory = new EventMemory(options.rememberedEventsMax)
  }

  /** A new connection: what was left comes again. */
  begin(): void {
    this.#leftCount = 0
  }

  push(delivery: Delivery): void {
    const event = parseEvent(delivery.payload)
    if (event === undefined) {
      this.#options.onError(new SdkError('bad_event'))
      // It will be none the next time either.
      delivery.ack()
      return
    }
    if (this.#options.intercept(event) || this.#memory.has(event.id)) {
      delivery.ack()
      return
    }
    this.#enqueue(event, delivery)
  }

  #enqueue(event: Event, delivery: Delivery): void {
    const waiting = this.#queue.get(event.id)
    if (waiting !== undefined) {
      // It came again over a new connection: that is the one to acknowledge on.
      if (delivery.qos === 1) waiting.delivery = delivery
      return
    }
    if (delivery.qos === 0 && this.#queue.size >= this.#options.queuedEventsMax) {
      this.#options.onError(new SdkError('queue_full', undefined, { eventId: event.id }))
      return
    }
    this.#queue.set(event.id, { event, delivery })
    if (!this.#isRunning) void this.#run()
  }

  /** Never rejects: everything that the handler does is caught. */
  async #run(): Promise<void> {
    this.#isRunning = true
    for (const [id, item] of this.#queue) {
      if (this.#options.signal.aborted) break
      await this.#handle(item)
      this.#queue.delete(id)
    }
    this.#isRunning = false
  }

  async #handle(item: Item): Promise<void> {
    const { signal, clock, handlerAttemptsMax, random } = this.#options
    const backoff = new Backoff(random, RETRY_FIRST_MS, RETRY_MAX_MS)
    for (let attempt = 1; attempt <= handlerAttemptsMax; attempt++) {
      const outcome = await this.#call(item, attempt)
      if (signal.aborted || outcome === 'done') return
      // Still running: to call it again would have two of it at work.
      if (outcome === 'late') break
      if (attempt < handlerAttemptsMax) await sleep(clock, backoff.nextMs(), signal)
      if (signal.aborted) return
    }
    if (item.delivery.qos === 1 && ++this.#leftCount === LEFT_MAX) this.#options.onJam()
  }

  async #call(item: Item, attempt: number): Promise<'done' | 'failed' | 'late'> {
    const { onEvent, onError, clock, handlerTimeoutMs: timeoutMs, signal } = this.#options
    const eventId = item.event.id
    let isLate = (): boolean => false
    try {
      const limits = { clock, timeoutMs, signal, what: 'the event handler' }
      await withTimeout(limits, async (handlerSignal) => {
        isLate = () => handlerSignal.aborted
        await onEvent(item.event, { qos: item.delivery.qos, attempt, signal: handlerSignal })
        this.#settle(item)
      })
      return 'done'
    } catch (cause) {
      if (signal.aborted) return 'failed'
      const code = isLate() ? 'handler_timeout' : 'handler_failed'
      const text = isLate() ? undefined : `The event handler failed: ${textOf(cause)}`
      onError(new SdkError(code, text, { cause, eventId }))
      return isLate() ? 'late' : 'failed'
    }
  }

  /** Also for a handler that succeeds after its time: then it need not be called again. */
  #settle({ event, delivery }: Item): void {
    this.#memory.add(event.id)
    delivery.ack()
  }
}
