import { PACKET_BYTES_MAX } from '@rollcall/protocol/limits'
import type { ClientClock, WebSocketConstructor, WebSocketLike } from '../platform.ts'
import { SdkError } from '../sdk-error.ts'
import { onAbort, withTimeout } from '../waiting.ts'
import { createPacketReader, type Packet, type Publication } from './decode.ts'
import {
  encodeConnect,
  encodeDisconnect,
  encodePing,
  encodePuback,
  encodeSubscribe,
  encodeUnsubscribe,
  type MqttVersion,
} from './encode.ts'
import { connectRefusal, disconnectError } from './reasons.ts'

export type LinkOptions = {
  /** Base URL of the server. */
  readonly url: string
  readonly clientId: string
  readonly userName: string | undefined
  readonly token: string
  readonly version: MqttVersion
  readonly WebSocket: WebSocketConstructor
  readonly clock: ClientClock
  readonly pingMs: number
  /** For each answer: CONNACK, SUBACK, PINGRESP. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onPublish: (publication: Publication) => void
  /** Called once when an open link ends, but not by `close`. */
  readonly onEnd: (error: SdkError) => void
}

/** MQTT's keepalive is this many pings long: the timers of a hidden tab may fire a minute late. */
const PINGS_PER_KEEP_ALIVE = 4

/**
 * Opens an MQTT connection over WebSocket.
 *
 * @returns once the server has accepted it
 * @throws SdkError `link_failed`, `link_refused`, `unauthorized`, `timeout`, `aborted`, `protocol_error`
 */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { clock, timeoutMs, signal } = options
  const link = new Link(options)
  try {
    const what = 'the connection for events'
    const code = await withTimeout({ clock, timeoutMs, signal, what }, () => link.connected)
    if (code !== 0) throw connectRefusal(code)
    return link
  } catch (error) {
    link.close()
    throw error
  }
}

/** The WebSocket's address for the server's base URL. */
function webSocketUrl(url: string): string {
  const address = new URL('/ws', url)
  address.protocol = address.protocol.replace(/^http/, 'ws')
  return address.href
}

type Waiting = { resolve(codes: readonly number[]): void; reject(error: SdkError): void }

/** One MQTT connection. */
export class Link {
  readonly #options: LinkOptions
  readonly #socket: WebSocketLike
  readonly #read: (chunk: Uint8Array) => Packet[]
  readonly #subscribing = new Map<number, Waiting>()
  /** The code of CONNACK. */
  readonly connected: Promise<number>
  #onConnack: (code: number) => void = () => undefined
  #failConnect: (error: SdkError) => void = () => undefined
  #state: 'connecting' | 'open' | 'ended' = 'connecting'
  #endedBy: SdkError | undefined
  #lastPacketId = 0
  #ping: { cancel(): void } | undefined
  #unlisten: () => void = () => undefined

  constructor(options: LinkOptions) {
    this.#options = options
    this.#read = createPacketReader(options.version, PACKET_BYTES_MAX)
    this.connected = new Promise((resolve, reject) => {
      this.#onConnack = resolve
      this.#failConnect = reject
    })
    // It may fail when nobody waits any more.
    this.connected.catch(() => undefined)
    this.#socket = new options.WebSocket(webSocketUrl(options.url), 'mqtt')
    this.#listen()
  }

  /** @throws SdkError `registration_ended` when the server refuses it, `timeout`, `link_failed` */
  async subscribe(topic: string): Promise<void> {
    const { version, clock, timeoutMs, signal } = this.#options
    if (this.#endedBy !== undefined) throw this.#endedBy
    const packetId = this.#nextPacketId()
    const codes = await withTimeout({ clock, timeoutMs, signal, what: 'the subscription' }, () => {
      const answered = new Promise<readonly number[]>((resolve, reject) => {
        this.#subscribing.set(packetId, { resolve, reject })
      })
      this.#write(encodeSubscribe(version, packetId, [topic]))
      return answered
    }).finally(() => this.#subscribing.delete(packetId))
    // 0x80 and above are refusals: the endpoint is not registered (any more).
    if (codes.some((code) => code >= 0x80))
      throw new SdkError('registration_ended', 'The server refused the subscription.')
  }

  unsubscribe(topic: string): void {
    this.#write(encodeUnsubscribe(this.#options.version, this.#nextPacketId(), [topic]))
  }

  ack(packetId: number): void {
    this.#write(encodePuback(packetId))
  }

  /** Says good-bye and closes. Idempotent; nothing is told afterwards. */
  close(): void {
    if (this.#state === 'open') this.#write(encodeDisconnect())
    this.#stop(new SdkError('closed', 'The link is closed.'))
  }

  #listen(): void {
    const socket = this.#socket
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => {
      const { version, clientId, userName, token, pingMs } = this.#options
      const keepAliveSeconds = Math.min(0xffff, Math.ceil((pingMs * PINGS_PER_KEEP_ALIVE) / 1000))
      this.#write(encodeConnect({ version, clientId, userName, password: token, keepAliveSeconds }))
    })
    socket.addEventListener('message', (event) => {
      const data = 'data' in event ? event.data : undefined
      if (data instanceof ArrayBuffer) this.#receive(new Uint8Array(data))
      else this.#end(new SdkError('protocol_error', 'The server sent a text message.'))
    })
    // Browsers do not say why.
    const failed = (): void =>
      this.#end(new SdkError('link_failed', `The connection to ${webSocketUrl(this.#options.url)} ended.`))
    socket.addEventListener('error', failed)
    socket.addEventListener('close', failed)
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state === 'ended') return
    if (this.#state === 'open') this.#schedulePing()
    try {
      for (const packet of this.#read(chunk)) this.#handle(packet)
    } catch (error) {
      this.#end(
        error instanceof SdkError ? error : new SdkError('protocol_error', undefined, { cause: error }),
      )
    }
  }

  #handle(packet: Packet): void {
    if (this.#state === 'ended') return
    switch (packet.type) {
      case 'connack':
        if (packet.code === 0) this.#open()
        this.#onConnack(packet.code)
        break
      case 'suback':
        this.#subscribing.get(packet.packetId)?.resolve(packet.codes)
        break
      case 'publish':
        this.#options.onPublish(packet)
        break
      case 'disconnect':
        this.#end(disconnectError(packet.code))
        break
      case 'pingresp':
      case 'other':
        break
    }
  }

  /** From now on the link's end is told, and the server's silence noticed. */
  #open(): void {
    this.#state = 'open'
    this.#unlisten = onAbort(this.#options.signal, () => this.close())
    this.#schedulePing()
  }

  /** Anything that comes puts the next ping off; nothing for `timeoutMs` after one is the end. */
  #schedulePing(): void {
    const { clock, pingMs, timeoutMs } = this.#options
    this.#ping?.cancel()
    this.#ping = clock.after(pingMs, () => {
      this.#write(encodePing())
      this.#ping = clock.after(timeoutMs, () =>
        this.#end(new SdkError('timeout', 'The connection for events went silent.')),
      )
    })
  }

  #write(bytes: ArrayBuffer): void {
    if (this.#state === 'ended') return
    try {
      this.#socket.send(bytes)
    } catch (cause) {
      this.#end(new SdkError('link_failed', undefined, { cause }))
    }
  }

  #end(error: SdkError): void {
    const wasOpen = this.#state === 'open'
    if (this.#state === 'ended') return
    this.#stop(error)
    if (wasOpen) this.#options.onEnd(error)
  }

  #stop(error: SdkError): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#endedBy = error
    this.#ping?.cancel()
    this.#unlisten()
    this.#failConnect(error)
    for (const waiting of this.#subscribing.values()) waiting.reject(error)
    this.#subscribing.clear()
    try {
      this.#socket.close()
    } catch {
      // A socket that never opened may refuse to be closed.
    }
  }

  #nextPacketId(): number {
    // 0 is no packet id [MQTT-2.3.1-1].
    this.#lastPacketId = (this.#lastPacketId % 0xffff) + 1
    return this.#lastPacketId
  }
}
