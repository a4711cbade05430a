import { ID_RULE, isId } from '@rollcall/protocol/id'
import type { AnyEvents } from '../event-types.ts'
import type { MqttVersion } from '../mqtt/encode.ts'
import {
  type ChannelLike,
  type ClientClock,
  type ClientRandom,
  defaultChannel,
  defaultLeave,
  defaultLocks,
  defaultStorage,
  defaultWake,
  defaultWebSocket,
  type EndpointStorage,
  type LeaveSource,
  type LockManagerLike,
  systemClock,
  systemRandom,
  type WakeSource,
  type WebSocketConstructor,
  type WebSocketLike,
} from '../platform.ts'
import { SdkError } from '../sdk-error.ts'
import type { GetToken } from '../token-source.ts'
import type { WakeUp } from '../wake-up.ts'
import { type Handlers, handlerOf } from './handlers.ts'
import type { EventHandler } from './inbox.ts'

/** What `connect` takes. Times that are out of range are refused, not bent. */
export type ConnectOptions<Events extends object = AnyEvents> = Handlers<Events> & OtherOptions

/** All but who gets the events. */
export type OtherOptions = {
  /** Base URL of the server: `https://rollcall.example.com`. */
  readonly url: string
  /** Gives an access token of the user; asked at every attempt and keepalive. See `tokenSource`. */
  readonly getToken: GetToken
  /**
   * Told what nobody would hear of who does not follow the state: that it ended although nobody closed it (`ended`) or
   * has not been online for 5 s (`not_online`, once until it is), each with the `cause`; and what goes wrong beside the
   * state: failing handlers, payloads that are no events, events that nobody handles. Default: `console.error`.
   */
  readonly onError?: (error: SdkError) => void
  /** Aborted: everything stops at once, nothing is unregistered, the state is `closed`. Default: never. */
  readonly signal?: AbortSignal

  /** The endpoint's id. Default: the one in `storage`, or a new UUID, which is put there. */
  readonly userEndpointId?: string
  /** Where the id is kept. `null`: nowhere. Default: `sessionStorage` in browsers, nowhere in Node.js. */
  readonly storage?: EndpointStorage | null
  /** Default `rollcall.endpoint`. */
  readonly storageKey?: string
  /**
   * How long callers may believe this endpoint to be there when it is not; seconds. Default 30, range 1 to 86,400
   * (the server may have a lower maximum). A keepalive goes out at half of it, and when the server reminds.
   */
  readonly keepAliveSeconds?: number

  /** How this device is woken when an event comes and it has no connection: see `webPush`. Default: it is not. */
  readonly wakeUp?: WakeUp

  /**
   * One MQTT connection for all tabs of this user in this browser. Default `false`. Where Web Locks or
   * BroadcastChannel are missing, each tab has its own connection all the same.
   */
  readonly shareSocket?: boolean
  /**
   * How events come. `auto`: over a WebSocket, and as a stream of server-sent events where that does not get through, until
   * it does. Default `auto`.
   */
  readonly transport?: 'auto' | 'websocket' | 'stream'
  /** Default 5. With 4, MQTT 3.1.1, the user id is read from the token. */
  readonly mqttVersion?: MqttVersion

  /** Bound of the first wait before a new attempt; milliseconds. Default 1,000, range 10 to 60,000. */
  readonly backoffFirstMs?: number
  /**
   * Bound that the waits grow to; milliseconds. Default 30,000, range 10 to 3,600,000. Half of `keepAliveSeconds` is one
   * besides: whoever waits longer comes back to a registration that has expired.
   */
  readonly backoffMaxMs?: number
  /** How long to wait for any one answer of the server or of `getToken`; milliseconds. Default 15,000, range 100 to 600,000. */
  readonly timeoutMs?: number
  /** Silence after which the connection is tried; milliseconds. Default 30,000, range 1,000 to 300,000. */
  readonly pingMs?: number

  /** How long a handler may take; milliseconds. Default 30,000, range 10 to 3,600,000. */
  readonly handlerTimeoutMs?: number
  /** How often a handler that throws is called with one event in one connection. Default 3, range 1 to 100. */
  readonly handlerAttemptsMax?: number
  /** Ids remembered, so that each event is handed out once. Default 1,000, range 64 to 100,000. */
  readonly rememberedEventsMax?: number
  /** Events of QoS 0 that may wait for the handler. Default 1,000, range 1 to 100,000. */
  readonly queuedEventsMax?: number

  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Default: the global one, which Node.js has from 22 on; in Node.js 20 that of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor
  /** Default: `navigator.locks`. `null`: none. */
  readonly locks?: LockManagerLike | null
  /** Default: the global `BroadcastChannel`. `null`: none. */
  readonly channel?: ((name: string) => ChannelLike) | null
  /** Default: the system's. */
  readonly clock?: ClientClock
  /** Default: the system's. */
  readonly random?: ClientRandom
  /** Default: the page becomes visible, or the network comes back. */
  readonly wake?: WakeSource
  /** Default: the page ends, or the browser puts it aside. Then other tabs may have the connection and the id. */
  readonly leave?: LeaveSource
}

/** The options with nothing left open. */
export type Settings = {
  readonly url: string
  readonly getToken: GetToken
  readonly onEvent: EventHandler
  readonly onError: (error: SdkError) => void
  readonly signal: AbortSignal | undefined
  readonly userEndpointId: string | undefined
  readonly storage: EndpointStorage | undefined
  readonly storageKey: string
  readonly keepAliveSeconds: number
  readonly wakeUp: WakeUp | undefined
  readonly shareSocket: boolean
  readonly transport: 'auto' | 'websocket' | 'stream'
  readonly mqttVersion: MqttVersion
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
  readonly timeoutMs: number
  readonly pingMs: number
  readonly handlerTimeoutMs: number
  readonly handlerAttemptsMax: number
  readonly rememberedEventsMax: number
  readonly queuedEventsMax: number
  readonly fetch: typeof fetch
  readonly WebSocket: WebSocketConstructor
  readonly locks: LockManagerLike | undefined
  readonly channel: ((name: string) => ChannelLike) | undefined
  readonly clock: ClientClock
  readonly random: ClientRandom
  readonly wake: WakeSource
  readonly leave: LeaveSource
}

/** @throws SdkError `invalid_option` naming it, `unsupported_platform` */
export function readOptions(options: ConnectOptions): Settings {
  const { url, getToken, userEndpointId, mqttVersion = 5, transport = 'auto' } = options
  checkUrl(url)
  assertFunction('getToken', getToken)
  checkHandlers(options)
  if (userEndpointId !== undefined && !isId(userEndpointId))
    throw invalid('userEndpointId', ID_RULE, userEndpointId)
  if (mqttVersion !== 4 && mqttVersion !== 5) throw invalid('mqttVersion', '4 or 5', mqttVersion)
  if (!['auto', 'websocket', 'stream'].includes(transport))
    throw invalid('transport', 'auto, websocket or stream', transport)
  const onError = options.onError ?? ((error) => console.error(error))
  return {
    url,
    getToken,
    onEvent: handlerOf(options, onError),
    onError,
    signal: options.signal,
    userEndpointId,
    storageKey: options.storageKey ?? 'rollcall.endpoint',
    shareSocket: options.shareSocket ?? false,
    wakeUp: options.wakeUp,
    transport,
    mqttVersion,
    ...readNumbers(options),
    ...readPlatform(options),
  }
}

/** @throws SdkError `invalid_option` where one is no function, or there is none at all */
function checkHandlers({ on, onEvent }: Handlers): void {
  if (on === undefined || onEvent !== undefined) assertFunction('onEvent', onEvent)
  if (on === undefined) return
  if (typeof on !== 'object' || on === null) throw invalid('on', 'an object of handlers', on)
  for (const [type, handler] of Object.entries(on))
    if (handler !== undefined) assertFunction(`on.${type}`, handler)
}

/** @throws SdkError `invalid_option` */
function assertFunction(name: string, given: unknown): void {
  if (typeof given !== 'function') throw invalid(name, 'a function', given)
}

/** @throws SdkError `invalid_option` */
export function checkUrl(url: unknown): asserts url is string {
  const isHttp = typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
  if (!isHttp) throw invalid('url', 'an http or https URL', url)
}

function readNumbers(options: ConnectOptions) {
  const integer = (name: NumberOption, byDefault: number, min: number, max: number): number =>
    readInteger(name, options[name] ?? byDefault, min, max)
  return {
    keepAliveSeconds: integer('keepAliveSeconds', 30, 1, 86_400),
    backoffFirstMs: integer('backoffFirstMs', 1_000, 10, 60_000),
    backoffMaxMs: integer('backoffMaxMs', 30_000, 10, 3_600_000),
    timeoutMs: integer('timeoutMs', 15_000, 100, 600_000),
    pingMs: integer('pingMs', 30_000, 1_000, 300_000),
    handlerTimeoutMs: integer('handlerTimeoutMs', 30_000, 10, 3_600_000),
    handlerAttemptsMax: integer('handlerAttemptsMax', 3, 1, 100),
    rememberedEventsMax: integer('rememberedEventsMax', 1_000, 64, 100_000),
    queuedEventsMax: integer('queuedEventsMax', 1_000, 1, 100_000),
  }
}

type NumberOption = {
  [Name in keyof OtherOptions]-?: NonNullable<OtherOptions[Name]> extends number ? Name : never
}[keyof OtherOptions]

/** @throws SdkError `invalid_option` */
export function readInteger(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw invalid(name, `an integer from ${min} to ${max}`, value)
}

/** Stands for the one that is not needed. */
class NoWebSocket implements WebSocketLike {
  binaryType = ''

  constructor() {
    throw new SdkError('unsupported_platform')
  }

  send(): void {}
  close(): void {}
  addEventListener(): void {}
}

function readPlatform(options: ConnectOptions) {
  const WebSocket =
    options.WebSocket ?? defaultWebSocket() ?? (options.transport === 'stream' ? NoWebSocket : undefined)
  if (WebSocket === undefined)
    throw new SdkError(
      'unsupported_platform',
      'There is no global WebSocket here: hand one in as `WebSocket`, for example that of the package `ws`.',
    )
  return {
    WebSocket,
    storage: options.storage === undefined ? defaultStorage() : (options.storage ?? undefined),
    locks: options.locks === undefined ? defaultLocks() : (options.locks ?? undefined),
    channel: options.channel === undefined ? defaultChannel() : (options.channel ?? undefined),
    // Unbound, the browser's own refuses to be called.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    wake: options.wake ?? defaultWake,
    leave: options.leave ?? defaultLeave,
  }
}

function invalid(name: string, wanted: string, given: unknown): SdkError {
  return new SdkError('invalid_option', `${name} must be ${wanted}, not ${JSON.stringify(given)}.`)
}
