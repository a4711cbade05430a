import { RollcallError } from '@rollcall/protocol/error-code'
import type { ClientClock, WakeSource } from '../platform.ts'
import { SdkError } from '../sdk-error.ts'
import { onAbort } from '../waiting.ts'
import type { Carrier, SubscribeRequest, Subscription, TransportName } from './carrier.ts'

/** How long WebSocket may take where streams are tried after it, milliseconds. */
const WEB_SOCKET_MS_MAX = 6_000
/** A WebSocket that ends sooner has not stood, milliseconds; and how many such in a row are enough. */
const STOOD_MS = 10_000
const FALLEN_MAX = 3
/** How soon it is looked whether WebSocket gets through again; twice as late each time, up to the second. */
const PROBE_FIRST_MS = 60_000
const PROBE_MAX_MS = 600_000
/** A network that came back may let it through, but a page that is shown often does not ask often. */
const PROBE_AT_WAKE_MS = 10_000

export type FallbackOptions = {
  readonly webSocket: Carrier
  readonly stream: Carrier
  readonly clock: ClientClock
  readonly wake: WakeSource
}

/**
 * WebSocket where it gets through, and otherwise streams of server-sent events: some proxies and filters let only
 * requests pass. Whoever is subscribed over a stream looks again and again whether WebSocket works by now, and goes
 * back to it without being offline for a moment.
 */
export function createFallbackCarrier(options: FallbackOptions): Carrier {
  return new FallbackCarrier(options)
}

class FallbackCarrier implements Carrier {
  readonly #options: FallbackOptions
  #prefersStream = false
  /** WebSockets in a row that ended as soon as they were open. */
  #fallen = 0
  transport: TransportName | undefined

  constructor(options: FallbackOptions) {
    this.#options = options
  }

  async subscribe(request: SubscribeRequest): Promise<Subscription> {
    this.transport = undefined
    const ways = this.#prefersStream
      ? ([this.#overStream, this.#overWebSocket] as const)
      : ([this.#overWebSocket, this.#overStream] as const)
    try {
      return await ways[0].call(this, request)
    } catch (error) {
      if (request.signal.aborted || !mayTakeOtherWay(error)) throw error
      return await this.#otherwise(ways[1], request, error)
    }
  }

  leave(): void {
    this.#options.webSocket.leave()
    this.#options.stream.leave()
  }

  close(): void {
    this.#options.webSocket.close()
    this.#options.stream.close()
  }

  /** Where that does not work either, the first error is the one to tell, unless the server itself has refused. */
  async #otherwise(
    way: (request: SubscribeRequest) => Promise<Subscription>,
    request: SubscribeRequest,
    first: unknown,
  ): Promise<Subscription> {
    try {
      return await way.call(this, request)
    } catch (error) {
      throw isOfRegistration(error) ? error : first
    }
  }

  async #overWebSocket(request: SubscribeRequest, until?: AbortSignal): Promise<Subscription> {
    const { webSocket, clock } = this.#options
    let sinceMs = clock.monotonicMs()
    const onEnd = (error: SdkError): void => {
      this.#note(error, clock.monotonicMs() - sinceMs)
      request.onEnd(error)
    }
    const subscription = await withinTime(clock, webSocket, { ...request, onEnd }, until)
    sinceMs = clock.monotonicMs()
    this.transport = 'websocket'
    this.#prefersStream = false
    return subscription
  }

  #note(error: SdkError, stoodMs: number): void {
    const hasFallen = stoodMs < STOOD_MS && (error.code === 'link_failed' || error.code === 'timeout')
    this.#fallen = hasFallen ? this.#fallen + 1 : 0
    this.#prefersStream = this.#fallen >= FALLEN_MAX
  }

  async #overStream(request: SubscribeRequest): Promise<Subscription> {
    const way = new StreamWithProbes(this.#options, request, (until) => this.#overWebSocket(request, until))
    await way.open()
    this.transport = 'stream'
    this.#prefersStream = true
    return way
  }
}

/** A subscription over a stream, until WebSocket takes its place. */
class StreamWithProbes implements Subscription {
  readonly #options: FallbackOptions
  readonly #request: SubscribeRequest
  readonly #overWebSocket: (until: AbortSignal) => Promise<Subscription>
  #current: Subscription | undefined
  #probe: { readonly signal: AbortController; streamEnded: SdkError | undefined } | undefined
  #timer: { cancel(): void } | undefined
  #unwake: () => void = () => undefined
  #probeMs = PROBE_FIRST_MS
  #probedAtMs = 0
  #isClosed = false

  constructor(
    options: FallbackOptions,
    request: SubscribeRequest,
    overWebSocket: (until: AbortSignal) => Promise<Subscription>,
  ) {
    this.#options = options
    this.#request = request
    this.#overWebSocket = overWebSocket
  }

  async open(): Promise<void> {
    const { stream, clock, wake } = this.#options
    this.#current = await stream.subscribe({ ...this.#request, onEnd: (error) => this.#streamEnded(error) })
    this.#probedAtMs = clock.monotonicMs()
    this.#schedule()
    this.#unwake = wake(() => {
      if (clock.monotonicMs() - this.#probedAtMs >= PROBE_AT_WAKE_MS) void this.#look()
    })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#rest()
    this.#probe?.signal.abort()
    this.#current?.close()
  }

  #rest(): void {
    this.#timer?.cancel()
    this.#unwake()
  }

  #schedule(): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(this.#probeMs, () => void this.#look())
    this.#probeMs = Math.min(this.#probeMs * 2, PROBE_MAX_MS)
  }

  /** A WebSocket that gets through takes the endpoint over, and the stream's end then is none. Never rejects. */
  async #look(): Promise<void> {
    if (this.#probe !== undefined || this.#isClosed) return
    const { clock } = this.#options
    const probe = { signal: new AbortController(), streamEnded: undefined as SdkError | undefined }
    this.#probe = probe
    this.#probedAtMs = clock.monotonicMs()
    const unlink = onAbort(this.#request.signal, () => probe.signal.abort())
    try {
      const back = await this.#overWebSocket(probe.signal.signal)
      if (this.#isClosed) return back.close()
      this.#rest()
      this.#current?.close()
      this.#current = back
    } catch {
      this.#probe = undefined
      if (this.#isClosed) return
      const { streamEnded } = probe
      if (streamEnded === undefined) this.#schedule()
      // By the probe itself, which then came to nothing.
      else this.#end(streamEnded.code === 'taken_over' ? new SdkError('link_failed') : streamEnded)
    } finally {
      unlink()
    }
  }

  #streamEnded(error: SdkError): void {
    if (this.#probe === undefined) this.#end(error)
    else this.#probe.streamEnded = error
  }

  #end(error: SdkError): void {
    if (this.#isClosed) return
    this.close()
    this.#request.onEnd(error)
  }
}

/** Gives up after a while, or with `until`, as whoever waits for a proxy that holds everything back has to. */
async function withinTime(
  clock: ClientClock,
  carrier: Carrier,
  request: SubscribeRequest,
  until?: AbortSignal,
): Promise<Subscription> {
  const attempt = new AbortController()
  let isLate = false
  const unlink = onAbort(request.signal, () => attempt.abort())
  const unlisten = onAbort(until, () => attempt.abort())
  const timer = clock.after(WEB_SOCKET_MS_MAX, () => {
    isLate = true
    attempt.abort()
  })
  try {
    const subscription = await carrier.subscribe({ ...request, signal: attempt.signal })
    return {
      close() {
        unlink()
        subscription.close()
      },
    }
  } catch (error) {
    unlink()
    throw isLate ? new SdkError('timeout', 'WebSocket: no answer in time.', { cause: error }) : error
  } finally {
    timer.cancel()
    unlisten()
  }
}

/** Where the server itself has said no, the other way ends likewise. */
function mayTakeOtherWay(error: unknown): boolean {
  if (error instanceof RollcallError) return !isOfRegistration(error)
  if (!(error instanceof SdkError)) return true
  return ['link_failed', 'timeout', 'protocol_error'].includes(error.code)
}

function isOfRegistration(error: unknown): boolean {
  const codes: readonly unknown[] = [
    'endpoint_unknown',
    'registration_ended',
    'unauthorized',
    'forbidden',
    'aborted',
  ]
  return error instanceof Error && codes.includes(Reflect.get(error, 'code'))
}
