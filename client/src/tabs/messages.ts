import { isObject } from '../answers.ts'
import { SDK_ERRORS, type SdkErrorCode } from '../sdk-error.ts'

/** What tabs of one user tell each other over a BroadcastChannel. Every message but `leading` is for one tab. */
export type TabMessage =
  /** To everybody: the sender holds the connection from now on. */
  | { readonly kind: 'leading'; readonly leader: string }
  /** To the leader. `request` is unique. */
  | { readonly kind: 'subscribe'; readonly tab: string; readonly request: string; readonly endpoint: string }
  | { readonly kind: 'unsubscribe'; readonly request: string }
  | { readonly kind: 'ack'; readonly request: string; readonly packetId: number }
  /** To whoever made the request. */
  | { readonly kind: 'subscribed'; readonly request: string }
  | {
      readonly kind: 'delivery'
      readonly request: string
      readonly packetId: number | undefined
      readonly payload: Uint8Array
    }
  | {
      readonly kind: 'ended'
      readonly request: string
      readonly code: SdkErrorCode
      readonly message: string
      /** Several endpoints had the connection, and whose fault it was is not known. */
      readonly isShared?: boolean
    }

/** Reads a message. `undefined` for one of another version of this package, say. */
export function parseMessage(value: unknown): TabMessage | undefined {
  return isMessage(value) ? value : undefined
}

const TEXTS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['leading', ['leader']],
  ['subscribe', ['tab', 'request', 'endpoint']],
  ['unsubscribe', ['request']],
  ['ack', ['request']],
  ['subscribed', ['request']],
  ['delivery', ['request']],
  ['ended', ['request', 'code', 'message']],
])

function isMessage(value: unknown): value is TabMessage {
  if (!isObject(value)) return false
  const { kind, packetId, payload, code } = value
  const texts = TEXTS.get(kind)
  if (texts?.every((name) => typeof value[name] === 'string') !== true) return false
  if (kind === 'ack') return typeof packetId === 'number'
  if (kind === 'delivery')
    return payload instanceof Uint8Array && (packetId === undefined || typeof packetId === 'number')
  return kind !== 'ended' || (typeof code === 'string' && Object.hasOwn(SDK_ERRORS, code))
}
