/**
 * What this package needs of the platform, each as small as its use. All of it can be handed in; the defaults
 * are what browsers and Node.js have.
 */

/** Time. */
export interface ClientClock {
  /** Milliseconds since the epoch. */
  wallMs(): number
  /** Milliseconds since any moment; never goes back. */
  monotonicMs(): number
  after(delayMs: number, run: () => void): { cancel(): void }
}

/** Randomness. */
export interface ClientRandom {
  /** At least 0, less than 1. */
  fraction(): number
  uuid(): string
}

/** A WebSocket, the browser's or that of the package `ws`. */
export interface WebSocketLike {
  binaryType: string
  send(data: ArrayBuffer): void
  close(): void
  addEventListener(type: 'open' | 'message' | 'error' | 'close', listener: (event: object) => void): void
}

export type WebSocketConstructor = new (url: string, protocol: string) => WebSocketLike

/** Where the endpoint's id is kept. Either method may throw, which is the same as nothing being kept. */
export interface EndpointStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** The part of Web Locks that is used. */
export interface LockManagerLike {
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    callback: (lock: object | null) => Promise<T>,
  ): Promise<T>
}

/** The part of BroadcastChannel that is used. */
export interface ChannelLike {
  postMessage(message: unknown): void
  close(): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

/** Calls `run` whenever the app may have slept or been cut off: tab shown, network back. Returns how to stop. */
export type WakeSource = (run: () => void) => () => void

declare const WebSocket: WebSocketConstructor | undefined
declare const sessionStorage: EndpointStorage | undefined
declare const BroadcastChannel: (new (name: string) => ChannelLike) | undefined
declare const navigator: { readonly locks?: LockManagerLike } | undefined
declare const document: (EventSource & { readonly visibilityState: string }) | undefined
declare const window: EventSource | undefined

type EventSource = {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

/** What timers can count: beyond it they fire at once. A server may name any time to wait. */
const DELAY_MS_MAX = 2 ** 31 - 1

export const systemClock: ClientClock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, DELAY_MS_MAX))
    return { cancel: () => clearTimeout(timer) }
  },
}

export const systemRandom: ClientRandom = { fraction: () => Math.random(), uuid: randomUuid }

/** `crypto.randomUUID` is absent from pages that came over plain http. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  // RFC 9562 §5.4: version 4, variant 10.
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Node.js has one from 22 on. */
export function defaultWebSocket(): WebSocketConstructor | undefined {
  return typeof WebSocket === 'undefined' ? undefined : WebSocket
}

/** Lives as long as the tab, and so survives a reload. Reading the very property may throw. */
export function defaultStorage(): EndpointStorage | undefined {
  try {
    // Node.js from 25 on has one too, which is shared by nobody and belongs to no tab.
    if (typeof document === 'undefined') return undefined
    return typeof sessionStorage === 'undefined' ? undefined : sessionStorage
  } catch {
    return undefined
  }
}

export function defaultLocks(): LockManagerLike | undefined {
  return typeof navigator === 'undefined' ? undefined : navigator.locks
}

export function defaultChannel(): ((name: string) => ChannelLike) | undefined {
  if (typeof BroadcastChannel === 'undefined') return undefined
  const Channel = BroadcastChannel
  return (name) => new Channel(name)
}

/** Calls `run` when the page is left: it ends, or the browser puts it aside as it is. Returns how to stop. */
export type LeaveSource = (run: () => void) => () => void

export const defaultLeave: LeaveSource = (run) => {
  if (typeof window === 'undefined') return () => undefined
  const view = window
  view.addEventListener('pagehide', run)
  return () => view.removeEventListener('pagehide', run)
}

export const defaultWake: WakeSource = (run) => {
  if (typeof document === 'undefined' || typeof window === 'undefined') return () => undefined
  const [page, view] = [document, window]
  const onVisible = (): void => {
    if (page.visibilityState === 'visible') run()
  }
  page.addEventListener('visibilitychange', onVisible)
  for (const type of ['online', 'pageshow']) view.addEventListener(type, run)
  return () => {
    page.removeEventListener('visibilitychange', onVisible)
    for (const type of ['online', 'pageshow']) view.removeEventListener(type, run)
  }
}
