import { STREAM_HEARTBEAT_MS } from '@rollcall/protocol/limits'
import { isObject } from '../answers.ts'
import type { Carrier, LinkSettings, SubscribeRequest, Subscription } from '../connect/carrier.ts'
import { request } from '../http-client.ts'
import { SdkError, type SdkErrorCode, textOf } from '../sdk-error.ts'
import { onAbort, withTimeout } from '../waiting.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { createMessageReader, type StreamMessage } from './read-messages.ts'

export type StreamSettings = Pick<LinkSettings, 'url' | 'clock' | 'random' | 'timeoutMs' | 'pingMs'> & {
  readonly fetch: typeof fetch
}

/** One stream of server-sent events for each subscription: for where WebSocket does not get through. */
export function createStreamCarrier(settings: StreamSettings): Carrier {
  return {
    transport: 'stream',
    async subscribe(wanted) {
      const stream = new Stream(settings, wanted)
      const { clock, timeoutMs } = settings
      try {
        const limits = { clock, timeoutMs, signal: wanted.signal, what: 'the stream of events' }
        await withTimeout(limits, () => stream.open())
        return stream
      } catch (error) {
        stream.close()
        throw error
      }
    },
    leave: () => undefined,
    close: () => undefined,
  }
}

/** Why the server ended a stream, as far as that decides what to do next; any other reason: connect again. */
const ENDS: ReadonlyMap<unknown, readonly [SdkErrorCode, string]> = new Map([
  ['taken_over', ['taken_over', 'another connection has taken this endpoint over']],
  ['authorization_ended', ['unauthorized', 'the authorization is over']],
  ['endpoint_expired', ['registration_ended', 'the registration has expired']],
  ['endpoint_unregistered', ['registration_ended', 'the registration was ended']],
])

/** One HTTP answer that brings events until one side ends it. */
class Stream implements Subscription {
  readonly #settings: StreamSettings
  readonly #wanted: SubscribeRequest
  readonly #life = new AbortController()
  readonly #acknowledgements: Acknowledgements
  readonly #unlisten: () => void
  #silence: { cancel(): void } | undefined
  #onSubscribed: () => void = () => undefined
  #onFailed: (error: unknown) => void = () => undefined
  #isSubscribed = false

  constructor(settings: StreamSettings, wanted: SubscribeRequest) {
    this.#settings = settings
    this.#wanted = wanted
    this.#unlisten = onAbort(wanted.signal, () => this.close())
    const { clock, random } = settings
    const { signal } = this.#life
    this.#acknowledgements = new Acknowledgements({
      clock,
      random,
      signal,
      post: (ids) => this.#acknowledge(ids),
      onFailed: (cause) =>
        this.#end(new SdkError('link_failed', `Events cannot be acknowledged: ${textOf(cause)}`, { cause })),
    })
  }

  /** Resolves once the server says that it is subscribed. */
  async open(): Promise<void> {
    const subscribed = new Promise<void>((resolve, reject) => {
      this.#onSubscribed = resolve
      this.#onFailed = reject
    })
    subscribed.catch(() => undefined)
    const answer = await request(this.#client, this.#path, { headers: { accept: 'text/event-stream' } })
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
    if (!isStream || answer.body === null)
      throw new SdkError('link_failed', 'What answers there gives no stream of events.')
    this.#heard()
    void this.#read(answer.body)
    await subscribed
  }

  close(): void {
    this.#unlisten()
    this.#silence?.cancel()
    this.#life.abort()
  }

  get #client() {
    const { url, fetch } = this.#settings
    return { url, fetch, token: this.#wanted.token, signal: this.#life.signal }
  }

  get #path(): string {
    return `/rtc-api/users/endpoints/${encodeURIComponent(this.#wanted.userEndpointId)}/events`
  }

  async #acknowledge(ids: readonly string[]): Promise<void> {
    const { clock, timeoutMs } = this.#settings
    const limits = { clock, timeoutMs, signal: this.#life.signal, what: 'an acknowledgement' }
    await withTimeout(limits, (signal) =>
      request({ ...this.#client, signal }, `${this.#path}/acknowledge`, {
        method: 'POST',
        body: JSON.stringify({ ids }),
      }),
    )
  }

  /** Never rejects. */
  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const messagesOf = createMessageReader()
    const reader = body.getReader()
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) throw new SdkError('link_failed', 'The stream of events ended.')
        this.#heard()
        for (const message of messagesOf(value)) this.#take(message)
      }
    } catch (cause) {
      const text = `The stream of events broke: ${textOf(cause)}`
      this.#end(cause instanceof SdkError ? cause : new SdkError('link_failed', text, { cause }))
    }
  }

  /** The server says something every quarter of a minute: nothing for much longer is the end. */
  #heard(): void {
    const { clock, pingMs, timeoutMs } = this.#settings
    this.#silence?.cancel()
    if (this.#life.signal.aborted) return
    this.#silence = clock.after(Math.max(pingMs, STREAM_HEARTBEAT_MS) + timeoutMs, () =>
      this.#end(new SdkError('timeout', 'The stream of events went silent.')),
    )
  }

  #take({ name, id, data }: StreamMessage): void {
    if (this.#life.signal.aborted) return
    if (name === 'subscribed') {
      this.#isSubscribed = true
      this.#onSubscribed()
    } else if (name === 'closed') this.#end(endOf(data))
    else if (name === 'message') {
      const ack = (): void => {
        if (id !== undefined) this.#acknowledgements.add(id)
      }
      this.#wanted.onDelivery({ payload: new TextEncoder().encode(data), qos: id === undefined ? 0 : 1, ack })
    }
  }

  #end(error: SdkError): void {
    if (this.#life.signal.aborted) return
    const wasSubscribed = this.#isSubscribed
    this.close()
    this.#onFailed(error)
    if (wasSubscribed) this.#wanted.onEnd(error)
  }
}

function endOf(data: string): SdkError {
  const [code, text] = ENDS.get(reasonIn(data)) ?? ['link_failed', 'the server closed it']
  return new SdkError(code, `The stream of events ended: ${text}.`)
}

function reasonIn(data: string): unknown {
  try {
    const value: unknown = JSON.parse(data)
    return isObject(value) ? value['reason'] : undefined
  } catch {
    return undefined
  }
}
