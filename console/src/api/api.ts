import {
  type Backend,
  createBackend,
  type GetToken,
  type HistoryPage,
  type HistoryQuery,
  type HistoryRecord,
  type Message,
  type Receipt,
  type SendOptions,
  type UserPresence,
} from '@rollcall/client'
import type { OrganizationPage, UserEndpointInSight, UserPage } from '@rollcall/protocol/command'
import type { NodeList } from '@rollcall/protocol/nodes'
import type { NoticeList } from '@rollcall/protocol/notices'
import type { DayStatistics } from '@rollcall/protocol/statistics'
import type { WebhookAttempt } from '@rollcall/protocol/webhook'
import { queryOf } from '../query.ts'
import { createDirectoryApi, type DirectoryApi } from './directory.ts'
import { parseNodes } from './nodes.ts'
import type { ListQuery, Options } from './options.ts'
import {
  type DeadLetterPage,
  parseAttempt,
  parseAttempts,
  parseDay,
  parseDeadLetterPage,
  parseEndpoints,
  parseNotices,
  parseOrganizationPage,
  parseReplay,
  parseUserPage,
  parseWebhooks,
  type Webhook,
} from './parse.ts'

export type { UserEndpointInSight } from '@rollcall/protocol/command'
export type { ListQuery, Options } from './options.ts'
export type { DeadLetter, DeadLetterPage, Webhook } from './parse.ts'

/** An event before it is sent. */
export type EventDraft = Message['event']

/** As it would be stored: masked. */
export type StoredEvent = { readonly [attribute: string]: unknown }

/** What the console asks of the server: the documented API, nothing else. Every method throws as the SDK does. */
export interface Api {
  /** @param organizationId of callers with role SERVICE only */
  endpoints(userId: string, options?: Options): Promise<readonly UserEndpointInSight[]>
  /** Who is known, by id; the query as `GET /rtc-api/users` has it. */
  users(query: ListQuery, options?: Options): Promise<UserPage>
  /** For role SERVICE. */
  organizations(query: ListQuery, options?: Options): Promise<OrganizationPage>
  presence(userIds: readonly string[], options?: Options): Promise<readonly UserPresence[]>
  /** Ends the endpoint's registration: its mailbox is discarded, its connection closed. */
  kick(userId: string, userEndpointId: string, options?: Options): Promise<void>
  events(query: HistoryQuery, options?: Options): Promise<HistoryPage>
  event(eventId: string, options?: Options): Promise<HistoryRecord>
  send(message: Message, options: SendOptions): Promise<Receipt>
  /** How it went in the last 24 hours, in steps. */
  day(stepSeconds: number, options?: Options): Promise<DayStatistics>
  /** The processes that are the service, and how their store is doing. */
  nodes(options?: Options): Promise<NodeList>
  /** What is wrong now. */
  notices(options?: Options): Promise<NoticeList>
  webhooks(options?: Options): Promise<readonly Webhook[]>
  deadLetters(webhookId: string, cursor: string | undefined, options?: Options): Promise<DeadLetterPage>
  /** Sends dead letters again: those of these ids, or all. Resolves with how many. */
  replay(webhookId: string, ids: readonly string[] | undefined, options?: Options): Promise<number>
  removeDeadLetters(webhookId: string, options?: Options): Promise<void>
  /** The last requests to a webhook, newest first. */
  attempts(webhookId: string, options?: Options): Promise<readonly WebhookAttempt[]>
  /** Sends it a test event; resolves with what came of it. */
  testWebhook(webhookId: string, options?: Options): Promise<WebhookAttempt>
  /** What will be kept of an event that is sent with these masks. */
  previewMasks(event: EventDraft, masks: readonly string[], signal?: AbortSignal): Promise<StoredEvent>
  readonly directory: DirectoryApi
  readonly backend: Backend
}

/** Patience of a page that somebody looks at: what fails is shown at once, and asked again by the page itself. */
const TIMEOUT_MS = 10_000
const RETRIES_MAX = 0
/** The server gives a receiver 10 s. */
const TEST_MS = 15_000

/** @param signal ends what is under way and refuses anything new */
export function createApi(url: string, getToken: GetToken, signal?: AbortSignal): Api {
  const options = {
    url,
    credentials: getToken,
    retriesMax: RETRIES_MAX,
    fetch: renewing(getToken),
    ...optional(signal),
  }
  const backend = createBackend({ ...options, timeoutMs: TIMEOUT_MS })
  const patient = createBackend({ ...options, timeoutMs: TEST_MS })
  const { request } = backend
  return {
    backend,
    directory: createDirectoryApi(request),
    presence: (userIds, options) => backend.presence(userIds, options),
    events: (query, options) => backend.history.list(query, options),
    event: (eventId, options) => backend.history.find(eventId, options),
    send: (message, options) => backend.send(message, options),
    async users(query, { organizationId, signal } = {}) {
      const path = `/rtc-api/users${queryOf({ ...query, organizationId })}`
      return parseUserPage(await request(path, optional(signal)))
    },
    async organizations(query, { signal } = {}) {
      return parseOrganizationPage(await request(`/rtc-api/organizations${queryOf(query)}`, optional(signal)))
    },
    async endpoints(userId, { organizationId, signal } = {}) {
      const path = `/rtc-api/users/${encodeURIComponent(userId)}/endpoints${queryOf({ organizationId })}`
      return parseEndpoints(await request(path, optional(signal)))
    },
    async kick(userId, userEndpointId, { organizationId, signal } = {}) {
      const path = `/rtc-api/users/${encodeURIComponent(userId)}/endpoints/${encodeURIComponent(userEndpointId)}`
      await request(`${path}${queryOf({ organizationId })}`, { method: 'DELETE', ...optional(signal) })
    },
    async day(stepSeconds, { organizationId, signal } = {}) {
      const query = queryOf({ stepSeconds: String(stepSeconds), organizationId })
      return parseDay(await request(`/rtc-api/statistics/day${query}`, optional(signal)))
    },
    async nodes({ organizationId, signal } = {}) {
      return parseNodes(await request(`/rtc-api/nodes${queryOf({ organizationId })}`, optional(signal)))
    },
    async notices({ organizationId, signal } = {}) {
      return parseNotices(await request(`/rtc-api/notices${queryOf({ organizationId })}`, optional(signal)))
    },
    async webhooks({ organizationId, signal } = {}) {
      return parseWebhooks(await request(`/rtc-api/webhooks${queryOf({ organizationId })}`, optional(signal)))
    },
    async deadLetters(webhookId, cursor, { organizationId, signal } = {}) {
      const path = `${deadLettersOf(webhookId)}${queryOf({ limit: '50', cursor, organizationId })}`
      return parseDeadLetterPage(await request(path, optional(signal)))
    },
    async replay(webhookId, ids, { organizationId, signal } = {}) {
      const path = `${deadLettersOf(webhookId)}/replay${queryOf({ organizationId })}`
      const body = ids === undefined ? {} : { ids }
      return parseReplay(await request(path, { method: 'POST', body, ...optional(signal) }))
    },
    async attempts(webhookId, { organizationId, signal } = {}) {
      const path = `${webhookPath(webhookId)}/attempts${queryOf({ organizationId })}`
      return parseAttempts(await request(path, optional(signal)))
    },
    async testWebhook(webhookId, { organizationId, signal } = {}) {
      const path = `${webhookPath(webhookId)}/test${queryOf({ organizationId })}`
      return parseAttempt(await patient.request(path, { method: 'POST', ...optional(signal) }))
    },
    async removeDeadLetters(webhookId, { organizationId, signal } = {}) {
      const path = `${deadLettersOf(webhookId)}${queryOf({ organizationId })}`
      await request(path, { method: 'DELETE', ...optional(signal) })
    },
    previewMasks: (event, masks, signal) => backend.previewMasks(event, masks, optional(signal)),
  }
}

/** A token may have ended on its way: then the request goes once more, with a fresh one. A 401 came before anything was done. */
function renewing(getToken: GetToken): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 401) return response
    const signal = init?.signal ?? new AbortController().signal
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${await getToken({ signal, refused: true })}`)
    return fetch(input, { ...init, headers })
  }
}

function webhookPath(webhookId: string): string {
  return `/rtc-api/webhooks/${encodeURIComponent(webhookId)}`
}

function deadLettersOf(webhookId: string): string {
  return `${webhookPath(webhookId)}/deadLetters`
}

function optional(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
