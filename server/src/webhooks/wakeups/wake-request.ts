import { createHash } from 'node:crypto'
import webPush from 'web-push'
import type { Webhook } from '../../auth/auth.ts'
import type { RegistrationKey } from '../../store/store.ts'
import type { Message } from '../post.ts'
import { signedHeaders } from '../sign.ts'
import type { WebhookWakeUp, WebPushWakeUp } from './wake-up.ts'

/** What waits for the device. Absent where it is not known any more which event it was. */
export type WakeEvent = {
  readonly eventId: string
  readonly type: string
  /** As the device will get it; absent where it was sent with masks, which no third party is to see past. */
  readonly bytes: Uint8Array | undefined
  /** When it need not be told of any more, wall clock. */
  readonly expiresAtWallMs: number | undefined
}

export type Vapid = { readonly subject: string; readonly publicKey: string; readonly privateKey: string }

/** Plaintext that one record of a push service's 4,096 bytes holds (RFC 8291 §4). */
const PUSH_BYTES_MAX = 3_993
/** Body of a request to a webhook. */
const WEBHOOK_BYTES_MAX = 4_096
/** How long a push service keeps a message for a device that is off, seconds. */
const TTL_SECONDS_MAX = 86_400

/**
 * A message to a browser's push service, encrypted for the browser alone (RFC 8291) and signed with this server's key
 * (RFC 8292). A newer one takes the place of one that was not delivered yet: either says "come and look".
 */
export function webPushMessage(
  { endpoint, p256dh, auth, withEvent }: WebPushWakeUp,
  { registrationId, userEndpointId }: RegistrationKey,
  event: WakeEvent | undefined,
  vapid: Vapid,
  nowWallMs: number,
): Message {
  const payload = payloadOf({ userEndpointId }, event, withEvent, PUSH_BYTES_MAX)
  const { headers, body } = webPush.generateRequestDetails({ endpoint, keys: { p256dh, auth } }, payload, {
    vapidDetails: vapid,
    contentEncoding: 'aes128gcm',
    TTL: ttlSeconds(event, nowWallMs),
    urgency: 'high',
    topic: createHash('sha256').update(`${registrationId}`).digest('base64url').slice(0, 32),
  })
  const texts = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])
  return { body: body ?? Buffer.alloc(0), headers: Object.fromEntries(texts) }
}

/** A request to a webhook of the organization, in the form of all its webhooks, with one event. */
export function webhookMessage(
  { token, withEvent }: WebhookWakeUp,
  { organizationId, userId, userEndpointId }: RegistrationKey,
  event: WakeEvent | undefined,
  { secrets }: Pick<Webhook, 'secrets'>,
  { id, nowWallMs }: { readonly id: string; readonly nowWallMs: number },
): Message {
  const head = {
    id,
    type: 'UserEndpointWakeUpRequestedEvent',
    timestamp: new Date(nowWallMs).toISOString(),
    ...{ organizationId, userId, userEndpointId, token },
  }
  const room = WEBHOOK_BYTES_MAX + token.length
  const body = Buffer.from(`{"events":[${payloadOf(head, event, withEvent, room).toString()}]}`)
  const message = { id: `msg_${id}`, atWallMs: nowWallMs, body }
  const headers = { 'content-type': 'application/json', 'user-agent': 'Rollcall-Webhooks' }
  return { body, headers: { ...headers, ...signedHeaders(message, secrets) } }
}

/** With the event where that was asked for and there is room: otherwise the device comes and looks, as it does anyway. */
function payloadOf(head: object, event: WakeEvent | undefined, withEvent: boolean, bytesMax: number): Buffer {
  if (event === undefined) return Buffer.from(JSON.stringify(head))
  const { eventId, type, bytes } = event
  const typeName = 'type' in head ? 'eventType' : 'type'
  const plain = Buffer.from(JSON.stringify({ ...head, eventId, [typeName]: type }))
  if (!withEvent || bytes === undefined || plain.length + bytes.byteLength + 10 > bytesMax) return plain
  return Buffer.concat([plain.subarray(0, -1), Buffer.from(',"event":'), bytes, Buffer.from('}')])
}

function ttlSeconds(event: WakeEvent | undefined, nowWallMs: number): number {
  if (event?.expiresAtWallMs === undefined) return TTL_SECONDS_MAX
  const leftSeconds = Math.ceil((event.expiresAtWallMs - nowWallMs) / 1000)
  return Math.max(0, Math.min(TTL_SECONDS_MAX, leftSeconds))
}
