import type {
  OrganizationInSight,
  OrganizationPage,
  UserEndpointInSight,
  UserPage,
  UserPresence,
} from '@rollcall/protocol/command'
import type { NoticeList } from '@rollcall/protocol/notices'
import type { DayStatistics } from '@rollcall/protocol/statistics'

import type { WebhookAttempt } from '@rollcall/protocol/webhook'

/** Parsers of answers: what breaks the contract is said, not shown half. */

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

type Fields = { readonly [name: string]: unknown }

export function parseEndpoints(value: unknown): readonly UserEndpointInSight[] {
  return list(value, 'endpoints').filter(isEndpoint)
}

export function parseUserPage(value: unknown): UserPage {
  const { users, nextCursor } = fields(value)
  return { users: list(users, 'users').filter(isPresence), ...cursorIn(nextCursor) }
}

export function parseOrganizationPage(value: unknown): OrganizationPage {
  const { organizations, nextCursor } = fields(value)
  return {
    organizations: list(organizations, 'organizations').filter(isOrganization),
    ...cursorIn(nextCursor),
  }
}

export function parseNotices(value: unknown): NoticeList {
  const { at, version, docs, notices } = fields(value)
  if (typeof at !== 'string' || typeof version !== 'string') throw unexpected('no version')
  return { at, version, docs: docs === true, notices: list(notices, 'notices').filter(isNotice) }
}

export function parseDay(value: unknown): DayStatistics {
  if (isDay(value)) return value
  throw unexpected('no series of a day')
}

export function parseWebhooks(value: unknown): readonly Webhook[] {
  return list(fields(value)['webhooks'], 'webhooks').filter(isWebhook)
}

export function parseDeadLetterPage(value: unknown): DeadLetterPage {
  const { deadLetters, nextCursor } = fields(value)
  return {
    deadLetters: list(deadLetters, 'dead letters').filter(isDeadLetter),
    ...cursorIn(nextCursor),
  }
}

export function parseAttempts(value: unknown): readonly WebhookAttempt[] {
  return list(fields(value)['attempts'], 'attempts').filter(isAttempt)
}

export function parseAttempt(value: unknown): WebhookAttempt {
  if (isAttempt(value)) return value
  throw unexpected('no attempt')
}

function isAttempt(value: unknown): value is WebhookAttempt {
  const { at, kind, messageId, events, tookMs } = fields(value)
  return (
    [at, kind, messageId].every((text) => typeof text === 'string') &&
    [events, tookMs].every((number) => typeof number === 'number')
  )
}

export function parseReplay(value: unknown): number {
  const { count } = fields(value)
  if (typeof count === 'number') return count
  throw unexpected('no count')
}

function cursorIn(nextCursor: unknown): { readonly nextCursor?: string } {
  return typeof nextCursor === 'string' ? { nextCursor } : {}
}

/** Every series that there is, by the path to it. */
const DAY_SERIES = [
  ...['minutes', 'registrations', 'connected', 'mailboxEvents'],
  ...['qos0.events', 'qos0.sent', 'qos0.notConnected', 'qos0.discarded'],
  ...['qos1.events', 'qos1.acknowledged', 'qos1.expired', 'qos1.discarded', 'qos1.mailboxFull', 'qos1.woken'],
  ...['ended.expired', 'ended.unregistered', 'expiryLatenessMs.p99'],
  ...['deliveryMs.qos0.p99', 'deliveryMs.qos1.p50', 'deliveryMs.qos1.p99'],
]

function isDay(value: unknown): value is DayStatistics {
  const { from, stepSeconds } = fields(value)
  const at = (path: string): unknown =>
    path.split('.').reduce<unknown>((part, name) => fields(part)[name], value)
  return (
    typeof from === 'string' &&
    typeof stepSeconds === 'number' &&
    DAY_SERIES.every((path) => Array.isArray(at(path)))
  )
}

/** What belongs to a kind is looked at by whoever shows it. */
function isNotice(value: unknown): value is NoticeList['notices'][number] {
  return typeof fields(value)['kind'] === 'string'
}

function isPresence(value: unknown): value is UserPresence {
  const { userId, registered, connected, lastSeenAt } = fields(value)
  return (
    typeof userId === 'string' &&
    [registered, connected].every((number) => typeof number === 'number') &&
    (lastSeenAt === null || typeof lastSeenAt === 'string')
  )
}

function isOrganization(value: unknown): value is OrganizationInSight {
  const { id, name, registrations, connected, mailboxEvents, webhooks } = fields(value)
  return (
    typeof id === 'string' &&
    (name === null || typeof name === 'string') &&
    [registrations, connected, mailboxEvents, webhooks].every((number) => typeof number === 'number')
  )
}

function isEndpoint(value: unknown): value is UserEndpointInSight {
  const { id, keepAliveSeconds, registeredAt, lastKeepAliveAt, expiresAt, connected, mailboxDepth, link } =
    fields(value)
  return (
    [id, registeredAt, lastKeepAliveAt, expiresAt].every((text) => typeof text === 'string') &&
    [keepAliveSeconds, mailboxDepth].every((number) => typeof number === 'number') &&
    typeof connected === 'boolean' &&
    (link === undefined || isLink(link))
  )
}

function isLink(value: unknown): boolean {
  const { clientId, protocol, transport, userAgent = '', connectedAt } = fields(value)
  return [clientId, protocol, transport, userAgent, connectedAt].every((text) => typeof text === 'string')
}

function isWebhook(value: unknown): value is Webhook {
  const { id, url, events, enabled, pending, deadLetters } = fields(value)
  return (
    [id, url].every((text) => typeof text === 'string') &&
    [pending, deadLetters].every((number) => typeof number === 'number') &&
    typeof enabled === 'boolean' &&
    Array.isArray(events)
  )
}

function isDeadLetter(value: unknown): value is DeadLetter {
  const { event, failure, failedAt } = fields(value)
  const { id, type, timestamp, userId, userEndpointId } = fields(event)
  return [failure, failedAt, id, type, timestamp, userId, userEndpointId].every(
    (text) => typeof text === 'string',
  )
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw unexpected(`no list of ${what}`)
}

export function fields(value: unknown): Fields {
  return isFields(value) ? value : {}
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function unexpected(what: string): Error {
  return new Error(`The server's answer is not what the API promises (${what}). It may be another version.`)
}
