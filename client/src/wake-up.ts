import type { WakeUpCommand, WakeUpWays } from '@rollcall/protocol/command'
import { isObject } from './answers.ts'
import { request } from './http-client.ts'
import { parseJsonAnswer } from './refusal.ts'
import { SdkError } from './sdk-error.ts'

/**
 * How this device is woken when an event comes and it has no connection: what a registration says of it, or a function that
 * finds it out anew each time it registers; `undefined`: it is not woken.
 */
export type WakeUp = WakeUpCommand | ((context: WakeUpContext) => Promise<WakeUpCommand | undefined>)

export type WakeUpContext = {
  /** Asks the server how devices can be woken there. */
  ways(): Promise<WakeUpWays>
}

/** The part of a browser's `ServiceWorkerRegistration` that is used. */
export interface PushRegistration {
  readonly pushManager: {
    getSubscription(): Promise<PushSubscriptionLike | null>
    subscribe(options: { userVisibleOnly: true; applicationServerKey: string }): Promise<PushSubscriptionLike>
  }
}

export interface PushSubscriptionLike {
  readonly options: { readonly applicationServerKey: ArrayBuffer | null }
  toJSON(): { endpoint?: string; keys?: Record<string, string> }
  unsubscribe(): Promise<boolean>
}

export type WebPushOptions = {
  /** `event`: the push has the event itself in it, where it was sent without masks and fits. Default `id`. */
  readonly include?: 'id' | 'event'
}

/**
 * Has the browser's push service wake this page's service worker: `connect({ wakeUp: webPush(await
 * navigator.serviceWorker.ready) })`. Subscribes where there is no subscription yet, or one for another server's key. The
 * person must have allowed notifications: otherwise the browser refuses, and the page is registered without.
 */
export function webPush(registration: PushRegistration, { include = 'id' }: WebPushOptions = {}): WakeUp {
  return async ({ ways }) => {
    const { vapidPublicKey } = await ways()
    if (vapidPublicKey === null) return undefined
    const subscription = await subscriptionFor(registration, vapidPublicKey)
    const { endpoint, keys } = subscription.toJSON()
    const { p256dh, auth } = keys ?? {}
    if (endpoint === undefined || p256dh === undefined || auth === undefined)
      throw new SdkError('unsupported_platform', 'The browser gave a push subscription without keys.')
    return { kind: 'webPush', subscription: { endpoint, keys: { p256dh, auth } }, include }
  }
}

async function subscriptionFor(
  { pushManager }: PushRegistration,
  key: string,
): Promise<PushSubscriptionLike> {
  const current = await pushManager.getSubscription()
  if (current !== null && isFor(current, key)) return current
  // A browser keeps one, and refuses another key beside it.
  await current?.unsubscribe()
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
}

function isFor({ options: { applicationServerKey } }: PushSubscriptionLike, key: string): boolean {
  if (applicationServerKey === null) return false
  const text = btoa(String.fromCharCode(...new Uint8Array(applicationServerKey)))
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') === key
}

/** What a service worker is told: which event waits, for which endpoint. */
export type Push = {
  readonly userEndpointId: string
  /** Both absent where the server does not know any more which event it was. */
  readonly eventId?: string
  readonly type?: string
  /** Where it was asked for, was sent without masks, and fits. */
  readonly event?: { readonly [attribute: string]: unknown }
}

/**
 * Reads what came with a service worker's `push` event; `undefined`: it is not this server's.
 *
 * @param data `event.data`
 */
export function readPush(data: { json(): unknown } | null): Push | undefined {
  try {
    const push = data?.json()
    if (!isObject(push) || typeof push['userEndpointId'] !== 'string') return undefined
    const { userEndpointId, eventId, type, event } = push
    return {
      userEndpointId,
      ...(typeof eventId === 'string' ? { eventId } : {}),
      ...(typeof type === 'string' ? { type } : {}),
      ...(isObject(event) ? { event } : {}),
    }
  } catch {
    return undefined
  }
}

/** What the server says of it. An older one knows of no ways. */
export async function askForWays(options: Parameters<typeof request>[0]): Promise<WakeUpWays> {
  const ways = await parseJsonAnswer(await request(options, '/rtc-api/wakeUps', {}))
  const { vapidPublicKey, webhookIds } = isObject(ways) ? ways : {}
  return {
    vapidPublicKey: typeof vapidPublicKey === 'string' ? vapidPublicKey : null,
    webhookIds: Array.isArray(webhookIds) ? webhookIds.filter((id) => typeof id === 'string') : [],
  }
}
