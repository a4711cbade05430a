import type { SendEventToUserWebCommand, UserPresence } from '@rollcall/protocol/command'
import { WAIT_SECONDS_MAX, WAIT_SECONDS_MIN } from '@rollcall/protocol/limits'
import type { Statistics } from '@rollcall/protocol/statistics'
import { parseCount } from '../answers.ts'
import { checkUrl, readInteger } from '../connect/options.ts'
import type { AnyEvents, NewEventOf } from '../event-types.ts'
import { type ClientClock, type ClientRandom, systemClock, systemRandom } from '../platform.ts'
import { parseJsonAnswer } from '../refusal.ts'
import { type BackendOptions, type Call, createCall, type OrganizationOptions } from './call.ts'
import { createHistory, type History, queryString } from './history.ts'
import { previewMasks } from './masks.ts'
import { parsePresence } from './presence.ts'
import { parseStatistics } from './statistics.ts'

export type { BackendOptions, OrganizationOptions } from './call.ts'

/** What `send` takes: the body of sendEvent, whose event may leave `timestamp` to the client. */
export type Message<Events extends object = AnyEvents> = Omit<SendEventToUserWebCommand, 'event'> & {
  readonly event: NewEventOf<Events>
  /** Life of the event from its acceptance; seconds, 1 to 31,536,000. */
  readonly ttlSeconds?: number
  /** End of its life, an ISO-8601 instant; not together with `ttlSeconds`. */
  readonly expiresAt?: string
  /** Replaces the sender's unsent events with the same key; 1 to 128 characters. Needs `qos` 1. */
  readonly collapseKey?: string
  /**
   * Sent to the user's other endpoints once one has answered, or with `on: 'acknowledged'` once one has acknowledged. Needs
   * `qos` 1.
   */
  readonly cancelOthers?: {
    readonly event: NewEventOf<Events>
    /** Default `answered`. */
    readonly on?: 'answered' | 'acknowledged'
  }
  /** What `waitSeconds` waits for: every endpoint's receipt, or one person's answer. Default `acknowledged`. */
  readonly waitFor?: 'acknowledged' | 'answered'
  /**
   * With `waitSeconds`: how long to wait for a connection where no endpoint has one; milliseconds, 0 to 30,000. Default
   * 500. A sender that wakes devices up by a push gives them longer.
   */
  readonly graceMs?: number
}

export type SendOptions = {
  /** Hold the answer for receipts; seconds, 1 to 30. Needs `qos` 1. Default: do not wait. */
  readonly waitSeconds?: number
  /** Default: a new UUID for each call, so that the retries within one send once. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** What became of a sent event as far as the answer tells. */
export type Receipt = {
  /** Registered endpoints that the event was accepted for. 0 is no error: nobody is there. */
  readonly count: number
  readonly eventId: string
  /** With `waitSeconds`: how many of them have acknowledged. Absent where the server did not wait. */
  readonly acknowledged?: number
  /** With `waitSeconds`: how many of them had a link, or got one within `graceMs`. 0: tell the caller "unavailable". */
  readonly connected?: number
  /** With `waitSeconds` and `waitFor: 'answered'`: the endpoint that was the first to answer. Absent: none was in time. */
  readonly answeredBy?: string
}

/** For servers: send events, see who is there, ask what became of an event. */
export interface Backend<Events extends object = AnyEvents> {
  /** @throws RollcallError, SdkError `timeout`, `aborted`; what `fetch` rejects with when the retries are over */
  send(message: Message<Events>, options?: SendOptions): Promise<Receipt>
  /**
   * Who of these users is there, in the order of asking: how many endpoints are registered and connected, and when
   * the user was last seen.
   *
   * @param userIds 1 to 1,000
   * @throws RollcallError `not_found` where the server is older than this question
   */
  presence(userIds: readonly string[], options?: OrganizationOptions): Promise<readonly UserPresence[]>
  /**
   * How the organization is doing: who is there now, and counts since the server's start, of which to take differences.
   * Role SERVICE gets any organization's, or without `organizationId` the total of all.
   *
   * @throws RollcallError `forbidden`; `not_found` where the server is older than this question
   */
  statistics(options?: OrganizationOptions): Promise<Statistics>
  readonly history: History
  /**
   * How an event would be stored and shown if it were sent with these masks. Nothing is sent; it counts as one event
   * against the caller's limit.
   *
   * @param event any object: it needs no `type` or `timestamp` yet
   * @throws RollcallError `invalid_mask`, whose field `masks` says which and where; `not_found` where the server is older
   */
  previewMasks(
    event: { readonly [attribute: string]: unknown },
    masks: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly [attribute: string]: unknown }>
  /**
   * Any other operation of the API. Only GET, HEAD and DELETE are made again where no answer came.
   *
   * @param path from the root, with its query: `/rtc-api/webhooks`. The token goes along, so no other server is asked.
   * @returns the answer's JSON; `undefined` where the answer has no body (204, HEAD)
   * @throws as `send`; `invalid_request` too, unasked, for what is no such path, or has steps `.` and `..`
   */
  request(path: string, options?: RequestOptions): Promise<unknown>
}

export type RequestOptions = {
  /** Default `GET`. */
  readonly method?: string
  /** Sent as JSON. Default: no body. */
  readonly body?: unknown
  /** Sent along, such as `If-Match`; those of the token and of the body's type are the client's own. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/**
 * @typeParam Events what the app's events hold, by type, as in `connect`. Default: anything.
 * @throws SdkError `invalid_option`
 */
export function createBackend<Events extends object = AnyEvents>(options: BackendOptions): Backend<Events>
export function createBackend(options: BackendOptions): Backend {
  checkUrl(options.url)
  const call = createCall(options)
  const { clock = systemClock, random = systemRandom } = options
  return {
    send: (message, sendOptions = {}) => send(call, clock, random, message, sendOptions),
    async presence(userIds, { organizationId, signal } = {}) {
      const body = JSON.stringify({ userIds, organizationId })
      const response = await call('/rtc-api/users/presence', { method: 'POST', body }, { signal })
      return parsePresence(await parseJsonAnswer(response))
    },
    async statistics({ organizationId, signal } = {}) {
      const path = `/rtc-api/statistics${queryString({ organizationId })}`
      const response = await call(path, {}, { signal })
      return parseStatistics(await parseJsonAnswer(response))
    },
    history: createHistory(call, clock),
    previewMasks: (event, masks, { signal } = {}) => previewMasks(call, event, masks, signal),
    request: (path, requestOptions = {}) => requestJson(call, path, requestOptions),
  }
}

async function requestJson(
  call: Call,
  path: string,
  { method = 'GET', body, headers, signal }: RequestOptions,
): Promise<unknown> {
  const wanted = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  const isRepeatable = ['GET', 'HEAD', 'DELETE'].includes(method)
  const response = await call(path, wanted, { signal, isRepeatable })
  return response.body === null ? undefined : parseJsonAnswer(response)
}

async function send(
  call: Call,
  clock: ClientClock,
  random: ClientRandom,
  { event, cancelOthers, ...rest }: Message,
  { waitSeconds, idempotencyKey = random.uuid(), signal }: SendOptions,
): Promise<Receipt> {
  const waits = waitSeconds !== undefined
  if (waits) readInteger('waitSeconds', waitSeconds, WAIT_SECONDS_MIN, WAIT_SECONDS_MAX)
  const headers = { 'idempotency-key': idempotencyKey, ...(waits ? { prefer: `wait=${waitSeconds}` } : {}) }
  const timestamp = new Date(clock.wallMs()).toISOString()
  const stamp = (one: Message['event']) => ({ ...one, timestamp: one['timestamp'] ?? timestamp })
  const others = cancelOthers && { ...cancelOthers, event: stamp(cancelOthers.event) }
  const body = JSON.stringify({ ...rest, event: stamp(event), cancelOthers: others })
  const wanted = { method: 'POST', headers, body }
  const extraMs = waits ? waitSeconds * 1000 : 0
  const response = await call('/rtc-api/users/endpoints/sendEvent', wanted, { signal, extraMs })
  const count = parseCount(await parseJsonAnswer(response))
  return {
    count,
    // Percent-encoded where the id has characters that a header cannot carry.
    eventId: decodeURIComponent(response.headers.get('event-id') ?? ''),
    ...receiptsIn(response),
  }
}

/** The headers of `Prefer: wait`, where the server has applied it. */
function receiptsIn({ headers }: Response): Pick<Receipt, 'acknowledged' | 'connected' | 'answeredBy'> {
  const [acknowledged, connected] = [headers.get('acknowledged'), headers.get('connected')]
  if (acknowledged === null || connected === null) return {}
  const answered = headers.get('answered')
  return {
    acknowledged: Number.parseInt(acknowledged, 10),
    connected: Number.parseInt(connected, 10),
    ...(answered === null ? {} : { answeredBy: decodeURIComponent(answered) }),
  }
}
