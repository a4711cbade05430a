import type {
  AnswerEventWebCommand,
  IceServers,
  RegisterUserEndpointWebCommand,
  SendEventToUserWebCommand,
  UserEndpoint,
} from '@rollcall/protocol/command'
import { RollcallError } from '@rollcall/protocol/error-code'
import { parseCount, parseEndpoint, parseEndpoints, parseIceServers, parseRegisterResult } from './answers.ts'
import { parseJsonAnswer, refusalOf } from './refusal.ts'

/** What a client needs to call the HTTP API. */
export type ClientOptions = {
  /** Base URL of the server, for example `http://127.0.0.1:8080`. */
  readonly url: string
  /** Access token, or what gives one; asked before every request. */
  readonly token: string | (() => string | Promise<string>)
  /** Ends requests that are under way and refuses new ones. Default: nothing does. */
  readonly signal?: AbortSignal
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
}

/** What the server answered to a sent event. */
export type SendResult = {
  /** Registered endpoints that the event was accepted for. 0 is no error. */
  readonly count: number
  /** The event's id, given by the sender or made by the server (`Event-Id` header). */
  readonly eventId: string
}

/**
 * The HTTP API, one method an operation. Every method rejects with a `RollcallError` when the server refuses
 * (its `code` is the answer's `error`), and with what `fetch` rejects with when there is no answer.
 */
export interface RollcallClient {
  /**
   * Registers an endpoint of the token's user, or refreshes it.
   *
   * @returns its id, the server's where the command gave none
   * @throws RollcallError `invalid_request`, `too_many_endpoints`, `no_organization`
   */
  register(command: RegisterUserEndpointWebCommand): Promise<string>
  /** @throws RollcallError `endpoint_unknown` when it is not registered any more: register again */
  keepalive(userEndpointId: string): Promise<void>
  /** @throws RollcallError `endpoint_unknown` */
  unregister(userEndpointId: string, reason?: string): Promise<void>
  /**
   * @param idempotencyKey 1 to 128 characters; the same one within ten minutes sends nothing and gives the
   *   first answer again
   * @throws RollcallError `invalid_request`, `event_too_large`, `invalid_mask`, `organization_required`,
   *   `mailbox_full`
   */
  sendEvent(command: SendEventToUserWebCommand, idempotencyKey?: string): Promise<SendResult>
  /**
   * Says that the person at an endpoint of the token's user took an event: the first endpoint wins, once, and may repeat it.
   *
   * @throws RollcallError `answered_elsewhere`, whose field `answeredBy` is the endpoint that was first; `not_found` where
   *   there is nothing that this endpoint could answer, or not any more; `invalid_request`
   */
  answer(eventId: string, command: AnswerEventWebCommand): Promise<void>
  /** The user's own live endpoints. */
  endpoints(): Promise<readonly UserEndpoint[]>
  /** @throws RollcallError `not_found` */
  endpoint(userEndpointId: string): Promise<UserEndpoint>
  iceServers(): Promise<IceServers>
}

const ENDPOINTS = '/rtc-api/users/endpoints'

export function createClient(options: ClientOptions): RollcallClient {
  const post = (path: string, body: unknown, headers?: Record<string, string>): Promise<Response> =>
    request(options, path, { method: 'POST', body: JSON.stringify(body), headers })
  const get = async (path: string): Promise<unknown> => parseJsonAnswer(await request(options, path, {}))
  return {
    async register(command) {
      return parseRegisterResult(await parseJsonAnswer(await post(`${ENDPOINTS}/register`, command)))
    },
    async keepalive(userEndpointId) {
      await post(`${ENDPOINTS}/keepalive`, { userEndpointId })
    },
    async unregister(userEndpointId, reason) {
      await post(`${ENDPOINTS}/unregister`, { userEndpointId, reason })
    },
    async sendEvent(command, idempotencyKey) {
      const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
      const response = await post(`${ENDPOINTS}/sendEvent`, command, headers)
      const count = parseCount(await parseJsonAnswer(response))
      // Percent-encoded where the id has characters that a header cannot carry.
      return { count, eventId: decodeURIComponent(response.headers.get('event-id') ?? '') }
    },
    async answer(eventId, command) {
      await post(`/rtc-api/events/${encodeURIComponent(eventId)}/answer`, command)
    },
    endpoints: async () => parseEndpoints(await get(ENDPOINTS)),
    endpoint: async (userEndpointId) =>
      parseEndpoint(await get(`${ENDPOINTS}/${encodeURIComponent(userEndpointId)}`)),
    iceServers: async () => parseIceServers(await get('/rtc-api/iceServers')),
  }
}

/** One request. */
export type Wanted = {
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** @throws RollcallError for every status but 2xx; `invalid_request` too, unasked, for what is no path */
export async function request(options: ClientOptions, path: string, wanted: Wanted): Promise<Response> {
  const { url, token, signal, fetch: send = fetch } = options
  const target = locate(url, path)
  const bearer = typeof token === 'string' ? token : await token()
  const headers = new Headers(wanted.headers)
  headers.set('authorization', `Bearer ${bearer}`)
  if (wanted.body !== undefined) headers.set('content-type', 'application/json')
  const response = await send(target, {
    ...wanted,
    headers,
    // A redirect would carry the token to wherever it points.
    redirect: 'error',
    // No cookie goes along, and no browser asks people for a password where a server refuses.
    credentials: 'omit',
    ...(signal === undefined ? {} : { signal }),
  })
  if (!response.ok) throw await refusalOf(response)
  return response
}

/** Steps that URLs resolve, however they are written: an id of dots would ask for something else. */
const DOT_SEGMENT = /[\\/](\.|%2e){1,2}([\\/]|$)/i

/** Where a path leads: to this server alone, since the token goes along. `//host` and `/\\host` name another one. */
function locate(url: string, path: string): URL {
  const [steps = ''] = path.split(/[?#]/, 1)
  const isPath = /^\/(?!\/)/.test(steps) && !DOT_SEGMENT.test(steps) && URL.canParse(path, url)
  const target = new URL(isPath ? path : 'null:', url)
  if (target.origin === new URL(url).origin) return target
  throw new RollcallError('invalid_request', `No path of this server: ${path}`)
}
