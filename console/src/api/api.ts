import {
  type Backend,
  createBackend,
  type GetToken,
  type HistoryPage,
  type HistoryQuery,
  type HistoryRecord,
  type Message,
  type Receipt,
  type UserPresence,
} from '@rollcall/client'
import type { UserEndpointInSight } from '@rollcall/protocol/command'
import { parseDeadLetterPage, parseEndpoints, parseReplay, parseWebhooks } from './parse.ts'

export type { UserEndpointInSight } from '@rollcall/protocol/command'

/** A webhook as `GET /rtc-api/webhooks` lists it. Instants in ISO-8601. */
export type Webhook = {
  readonly id: string
  readonly url: string
  readonly events: readonly string[]
  readonly enabled: boolean
  /** Events that it has not taken yet. */
  readonly pending: number
  readonly deadLetters: number
  readonly lastSuccessAt?: string
  readonly lastFailureAt?: string
  /** A code such as `status_503`. */
  readonly lastFailure?: string
  readonly nextAttemptAt?: string
}

export type DeadLetter = {
  readonly event: {
    readonly id: string
    readonly type: string
    readonly timestamp: string
    readonly userId: string
    readonly userEndpointId: string
    readonly [attribute: string]: unknown
  }
  readonly failure: string
  readonly failedAt: string
}

export type DeadLetterPage = { readonly deadLetters: readonly DeadLetter[]; readonly nextCursor?: string }

/** What the console asks of the server: the documented API, nothing else. Every method throws as the SDK does. */
export interface Api {
  /** @param organizationId of callers with role SERVICE only */
  endpoints(userId: string, options?: Options): Promise<readonly UserEndpointInSight[]>
  presence(userIds: readonly string[], options?: Options): Promise<readonly UserPresence[]>
  /** Ends the endpoint's registration: its mailbox is discarded, its connection closed. */
  kick(userId: string, userEndpointId: string, options?: Options): Promise<void>
  events(query: HistoryQuery, options?: Options): Promise<HistoryPage>
  event(eventId: string, options?: Options): Promise<HistoryRecord>
  send(
    message: Message,
    options: { readonly waitSeconds?: number; readonly signal?: AbortSignal },
  ): Promise<Receipt>
  webhooks(options?: Options): Promise<readonly Webhook[]>
  deadLetters(webhookId: string, cursor: string | undefined, options?: Options): Promise<DeadLetterPage>
  /** Sends dead letters again: those of these ids, or all. Resolves with how many. */
  replay(webhookId: string, ids: readonly string[] | undefined, options?: Options): Promise<number>
  removeDeadLetters(webhookId: string, options?: Options): Promise<void>
  readonly backend: Backend
}

export type Options = {
  /** Whose: needed by callers with role SERVICE, ignored for others. */
  readonly organizationId?: string
  readonly signal?: AbortSignal
}

/** Patience of a page that somebody looks at: what fails is shown, and asked again by the page itself. */
const TIMEOUT_MS = 10_000
const RETRIES_MAX = 1

export function createApi(url: string, getToken: GetToken): Api {
  const backend = createBackend({
    url,
    credentials: getToken,
    timeoutMs: TIMEOUT_MS,
    retriesMax: RETRIES_MAX,
    // Bound: a page's own fetch refuses to be called on anything but the window.
    fetch: (input, init) => fetch(input, init),
  })
  const { request } = backend
  return {
    backend,
    presence: (userIds, options) => backend.presence(userIds, options),
    events: (query, options) => backend.history.list(query, options),
    event: (eventId, options) => backend.history.find(eventId, options),
    send: (message, options) => backend.send(message, options),
    async endpoints(userId, { organizationId, signal } = {}) {
      const path = `/rtc-api/users/${encodeURIComponent(userId)}/endpoints${query({ organizationId })}`
      return parseEndpoints(await request(path, optional(signal)))
    },
    async kick(userId, userEndpointId, { organizationId, signal } = {}) {
      const path = `/rtc-api/users/${encodeURIComponent(userId)}/endpoints/${encodeURIComponent(userEndpointId)}`
      await request(`${path}${query({ organizationId })}`, { method: 'DELETE', ...optional(signal) })
    },
    async webhooks({ organizationId, signal } = {}) {
      return parseWebhooks(await request(`/rtc-api/webhooks${query({ organizationId })}`, optional(signal)))
    },
    async deadLetters(webhookId, cursor, { organizationId, signal } = {}) {
      const path = `${deadLettersOf(webhookId)}${query({ limit: '50', cursor, organizationId })}`
      return parseDeadLetterPage(await request(path, optional(signal)))
    },
    async replay(webhookId, ids, { organizationId, signal } = {}) {
      const path = `${deadLettersOf(webhookId)}/replay${query({ organizationId })}`
      const body = ids === undefined ? {} : { ids }
      return parseReplay(await request(path, { method: 'POST', body, ...optional(signal) }))
    },
    async removeDeadLetters(webhookId, { organizationId, signal } = {}) {
      const path = `${deadLettersOf(webhookId)}${query({ organizationId })}`
      await request(path, { method: 'DELETE', ...optional(signal) })
    },
  }
}

function deadLettersOf(webhookId: string): string {
  return `/rtc-api/webhooks/${encodeURIComponent(webhookId)}/deadLetters`
}

function optional(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
