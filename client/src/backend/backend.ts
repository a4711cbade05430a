import type { SendEventToUserWebCommand, UserPresence } from '@rollcall/protocol/command'
import { RollcallError } from '@rollcall/protocol/error-code'
import { WAIT_SECONDS_MAX, WAIT_SECONDS_MIN } from '@rollcall/protocol/limits'
import type { Statistics } from '@rollcall/protocol/statistics'
import { parseCount } from '../answers.ts'
import { Backoff } from '../backoff.ts'
import { checkUrl, readInteger } from '../connect/options.ts'
import { type ClientOptions, request, type Wanted } from '../http-client.ts'
import { type ClientClock, type ClientRandom, systemClock, systemRandom } from '../platform.ts'
import { parseJsonAnswer } from '../refusal.ts'
import { type GetToken, tokenSource } from '../token-source.ts'
import { abortedError, sleep, withTimeout } from '../waiting.ts'
import { createHistory, type History, queryString } from './history.ts'
import { previewMasks } from './masks.ts'
import { parsePresence } from './presence.ts'
import { parseStatistics } from './statistics.ts'

export type BackendOptions = {
  /** Base URL of the server. */
  readonly url: string
  /** Client credentials, or what gives access tokens. */
  readonly credentials: { readonly clientId: string; readonly clientSecret: string } | GetToken
  /** Ends what is under way and refuses anything new. Default: never. */
  readonly signal?: AbortSignal
  /** How long to wait for one answer; milliseconds. Default 15,000, range 100 to 600,000. Receipts come on top. */
  readonly timeoutMs?: number
  /** How often a request that met no server, 429, 500 or 503 is made again. Default 3, range 0 to 20. */
  readonly retriesMax?: number
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Default: the system's. */
  readonly clock?: ClientClock
  /** Default: the system's. */
  readonly random?: ClientRandom
}

/** What `send` takes: the body of sendEvent, whose event may leave `timestamp` to the client. */
export type Message = Omit<SendEventToUserWebCommand, 'event'> & {
  readonly event: { readonly type: string; readonly [attribute: string]: unknown }
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
    readonly event: { readonly type: string; readonly [attribute: string]: unknown }
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
export interface Backend {
  /** @throws RollcallError, SdkError `timeout`, `aborted`; what `fetch` rejects with when the retries are over */
  send(message: Message, options?: SendOptions): Promise<Receipt>
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
  readonly signal?: AbortSignal
}

export type OrganizationOptions = {
  /** Needed by callers with role SERVICE, ignored for others. */
  readonly organizationId?: string
  readonly signal?: AbortSignal
}

/** How a request is made: with a token, a time limit, and again where that may help. */
export type Call = (path: string, wanted: Wanted, options?: CallOptions) => Promise<Response>

type CallOptions = {
  readonly signal?: AbortSignal | undefined
  readonly extraMs?: number
  /** Whether it does no harm twice. Default `true`. */
  readonly isRepeatable?: boolean
}

/** @throws SdkError `invalid_option` */
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
  { method = 'GET', body, signal }: RequestOptions,
): Promise<unknown> {
  const wanted = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
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

const RETRY_FIRST_MS = 250
const RETRY_MAX_MS = 10_000

function createCall(options: BackendOptions): Call {
  const { clock = systemClock, random = systemRandom, credentials, url, signal: life } = options
  const timeoutMs = readInteger('timeoutMs', options.timeoutMs ?? 15_000, 100, 600_000)
  const retriesMax = readInteger('retriesMax', options.retriesMax ?? 3, 0, 20)
  const getToken = typeof credentials === 'function' ? credentials : clientCredentials(options, credentials)
  return async (path, wanted, { signal: own, extraMs = 0, isRepeatable = true } = {}) => {
    const signal = joinSignals(life, own)
    const backoff = new Backoff(random, RETRY_FIRST_MS, RETRY_MAX_MS)
    let refused = false
    let undecided: RollcallError | undefined
    for (let attempt = 0; ; attempt++) {
      try {
        const limits = { clock, timeoutMs: timeoutMs + extraMs, signal, what: `${url}${path}` }
        return await withTimeout(limits, async (inTime) => {
          const token = await getToken({ signal: inTime, refused })
          return whole(await request(clientOptions(options, token, inTime), path, wanted))
        })
      } catch (error) {
        // A later refusal says nothing about the event of an earlier attempt.
        if (error instanceof RollcallError && error.isUndecided) undecided ??= error
        const waitMs = again(error, refused, isRepeatable)
        if (waitMs === undefined || attempt >= retriesMax) throw undecided ?? error
        refused = error instanceof RollcallError && error.code === 'unauthorized'
        await sleep(clock, Math.max(waitMs, backoff.nextMs()), signal)
        if (signal.aborted) throw abortedError(signal)
      }
    }
  }
}

/** The answer with its body: one that never comes to its end must not outlast the time limit. */
async function whole(response: Response): Promise<Response> {
  const { status, headers } = response
  const text = await response.text()
  return new Response(text === '' ? null : text, { status, headers })
}

/** Whether to try again, and after how many milliseconds at least. */
function again(error: unknown, wasRefused: boolean, isRepeatable: boolean): number | undefined {
  // fetch's own, for an answer that never came: the request may have been carried out.
  if (error instanceof TypeError) return isRepeatable ? 0 : undefined
  if (!(error instanceof RollcallError)) return undefined
  // One token may have ended on its way; a fresh one has not.
  if (error.code === 'unauthorized') return wasRefused ? undefined : 0
  const isPassing = ['unavailable', 'rate_limited', 'mailbox_full', 'internal_error'].includes(error.code)
  return isPassing ? (error.retryAfterSeconds ?? 0) * 1000 : undefined
}

function clientCredentials(
  { url, fetch, clock }: BackendOptions,
  credentials: Exclude<BackendOptions['credentials'], GetToken>,
): GetToken {
  return tokenSource({
    url,
    ...credentials,
    grant: { type: 'client_credentials' },
    ...(fetch === undefined ? {} : { fetch }),
    ...(clock === undefined ? {} : { clock }),
  })
}

function clientOptions({ url, fetch }: BackendOptions, token: string, signal: AbortSignal): ClientOptions {
  return { url, token, signal, ...(fetch === undefined ? {} : { fetch }) }
}

function joinSignals(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined))
}
