import { createECDH } from 'node:crypto'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import { WAKE_UP_TOKEN_CHARACTERS_MAX, WAKE_UP_URL_CHARACTERS_MAX } from '@rollcall/protocol/limits'

/** How one device is woken, and whether it is told more than which event waits for it. */
export type WakeUp = WebPushWakeUp | WebhookWakeUp

export type WebPushWakeUp = {
  readonly kind: 'webPush'
  readonly endpoint: string
  /** Both as browsers give them, in base64url (RFC 8291 §3.1, §3.2). */
  readonly p256dh: string
  readonly auth: string
  readonly withEvent: boolean
}

export type WebhookWakeUp = {
  readonly kind: 'webhook'
  readonly webhookId: string
  /** What whoever is behind the webhook knows the device by, for example a token of APNs or FCM. */
  readonly token: string
  readonly withEvent: boolean
}

/** What may be asked for here. */
export type WakeUpRules = {
  readonly hasWebPush: boolean
  isPushService(url: URL): boolean
  /** Whether the organization has a webhook of this id that wakes devices. */
  isWebhook(webhookId: string): boolean
}

type Fields = { readonly [name: string]: unknown }

const POINT_BYTES = 65
const AUTH_BYTES = 16

/**
 * Reads `wakeUp` of a registration. `undefined`: it is not there.
 *
 * @throws RollcallError `invalid_request` that names what is wrong
 */
export function parseWakeUp(given: unknown, rules: WakeUpRules): WakeUp | undefined {
  if (given === undefined || given === null) return undefined
  const fields = objectAt(given, 'wakeUp')
  const withEvent = readInclude(fields['include'])
  switch (fields['kind']) {
    case 'webPush':
      if (!rules.hasWebPush) throw bad('wakeUp.kind', 'cannot be webPush: this server has no VAPID keys')
      return { kind: 'webPush', ...readSubscription(fields['subscription'], rules), withEvent }
    case 'webhook':
      return { kind: 'webhook', ...readWebhook(fields, rules), withEvent }
    default:
      throw bad('wakeUp.kind', 'must be webPush or webhook')
  }
}

function readInclude(given: unknown): boolean {
  if (given === undefined || given === null || given === 'id') return false
  if (given === 'event') return true
  throw bad('wakeUp.include', 'must be id or event')
}

function readSubscription(given: unknown, rules: WakeUpRules) {
  const path = 'wakeUp.subscription'
  const { endpoint, keys } = objectAt(given, path)
  const url = typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isOne = url !== undefined && url.username === '' && url.password === '' && rules.isPushService(url)
  if (!isOne || url.href.length > WAKE_UP_URL_CHARACTERS_MAX)
    throw bad(`${path}.endpoint`, 'must be the URL of a push service that this server is allowed to use')
  const { p256dh, auth } = objectAt(keys, `${path}.keys`)
  if (typeof p256dh !== 'string' || !isPoint(bytesOf(p256dh)))
    throw bad(`${path}.keys.p256dh`, 'must be a point of P-256 in base64url')
  if (typeof auth !== 'string' || bytesOf(auth).length !== AUTH_BYTES)
    throw bad(`${path}.keys.auth`, `must be ${AUTH_BYTES} bytes in base64url`)
  return {
    endpoint: url.href,
    p256dh: bytesOf(p256dh).toString('base64url'),
    auth: bytesOf(auth).toString('base64url'),
  }
}

function readWebhook({ webhookId, token }: Fields, rules: WakeUpRules) {
  if (!isId(webhookId)) throw bad('wakeUp.webhookId', `must be a string of ${ID_RULE}`)
  if (!rules.isWebhook(webhookId))
    throw bad('wakeUp.webhookId', 'must be a webhook of your organization that wakes devices')
  const isToken =
    typeof token === 'string' && token.length >= 1 && token.length <= WAKE_UP_TOKEN_CHARACTERS_MAX
  if (!isToken || !token.isWellFormed())
    throw bad('wakeUp.token', `must be a string of 1 to ${WAKE_UP_TOKEN_CHARACTERS_MAX} characters`)
  return { webhookId, token }
}

function objectAt(given: unknown, path: string): Fields {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw bad(path, 'must be a JSON object')
  return Object.fromEntries(Object.entries(given))
}

function bytesOf(text: string): Buffer {
  return /^[\w-]{1,128}={0,2}$/.test(text) ? Buffer.from(text, 'base64url') : Buffer.alloc(0)
}

/** A point that is none would make every message to it fail, and where a library does not look, tell of its key. */
function isPoint(bytes: Buffer): boolean {
  if (bytes.length !== POINT_BYTES || bytes[0] !== 4) return false
  const own = createECDH('prime256v1')
  own.generateKeys()
  try {
    own.computeSecret(bytes)
    return true
  } catch {
    return false
  }
}

function bad(field: string, problem: string): RollcallError {
  return new RollcallError('invalid_request', `${field}: ${problem}`, { fields: [[field, problem]] })
}
