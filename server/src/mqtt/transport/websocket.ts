import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { SocketWriter } from './socket-writer.ts'
import { TCP_KEEPALIVE_MS } from './tcp.ts'
import type { OnTaken, Transport, TransportListener } from './transport.ts'
import type { TurnEnd } from './turn-end.ts'

/**
 * Times the largest packet, the bytes taken from a peer before it is known. `ws` gathers a whole message before it
 * hands it out, and its own limit must be that of the largest packet later; so the raw bytes are counted until then.
 * Twice leaves room for the masks of tiny frames.
 */
const FRAMING = 2

/** Bytes of a message that may have come before its end without anybody being told: most come whole. */
const UNTOLD_BYTES_MAX = 4_096

// RFC 6455 §7.4.1.
const NORMAL_CLOSURE = 1000
const UNSUPPORTED_DATA = 1003

/**
 * MQTT over a WebSocket (MQTT 5.0 §6). `ws` reads; frames are written to the socket directly, which is
 * several times cheaper than `ws.send`. Both write whole frames only, so they never mix.
 */
export class WebSocketTransport extends SocketWriter implements Transport {
  readonly isWebSocket = true
  readonly userAgent: string | undefined
  readonly #ws: WebSocket
  readonly #rawBytesMax: number
  #receiver: TransportListener | undefined
  #countRaw: ((chunk: Buffer) => void) | undefined

  /** @param connectBytesMax largest packet before CONNECT was accepted */
  constructor(
    ws: WebSocket,
    socket: Duplex,
    userAgent: string | undefined,
    { turnEnd, connectBytesMax }: { readonly turnEnd: TurnEnd; readonly connectBytesMax: number },
  ) {
    super(socket, turnEnd)
    this.#rawBytesMax = FRAMING * connectBytesMax
    this.#ws = ws
    this.userAgent = userAgent
    if (socket instanceof Socket) socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
  }

  get name(): 'websocket' {
    return 'websocket'
  }

  start(receiver: TransportListener): void {
    this.#receiver = receiver
    this.#capRawBytes(receiver)
    // A chunk is a Buffer and nothing else as long as `binaryType` is what it is by default.
    this.#ws.on('message', (data, isBinary) => {
      if (isBinary && Buffer.isBuffer(data)) receiver.onData(data)
      else this.#refuseText(receiver) // [MQTT-6.0.0-1]
    })
    // On a broken frame `ws` closes the connection itself, and `close` follows.
    this.#ws.on('error', () => receiver.onViolation('malformed_packet'))
    this.#ws.on('close', () => receiver.onClosed())
  }

  write(frame: Buffer, onTaken?: OnTaken): void {
    // After a close frame, ours or the peer's, nothing may follow (RFC 6455 §5.5.1).
    if (this.#ws.readyState === this.#ws.OPEN) this.writeFrame(frame, onTaken)
  }

  notifyDrained(): void {
    this.socket.once('drain', () => this.#receiver?.onDrained())
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  admitted(): void {
    if (this.#countRaw !== undefined) this.socket.removeListener('data', this.#countRaw)
    this.#countRaw = undefined
    this.#watchUnfinished()
  }

  close(code = NORMAL_CLOSURE): void {
    // What was written goes out before the close frame, which `ws` writes itself.
    this.endTurn()
    // Reading goes on, or the peer's close frame would never be seen.
    this.#ws.resume()
    this.#ws.close(code)
  }

  destroy(): void {
    this.#ws.terminate()
  }

  #capRawBytes(receiver: TransportListener): void {
    let rawBytes = 0
    this.#countRaw = (chunk) => {
      rawBytes += chunk.length
      if (rawBytes <= this.#rawBytesMax) return
      receiver.onViolation('packet_too_large')
      this.destroy()
    }
    this.socket.on('data', this.#countRaw)
  }

  /**
   * `ws` keeps a message until its last byte is there, and tells nobody how much that is. What comes in is counted
   * before `ws` gets it, and forgotten once it has handed something out.
   */
  #watchUnfinished(): void {
    let unfinishedBytes = 0
    const whole = (): void => {
      unfinishedBytes = 0
    }
    this.socket.prependListener('data', (chunk: Buffer) => {
      unfinishedBytes += chunk.length
      if (unfinishedBytes > UNTOLD_BYTES_MAX) this.#receiver?.onUnfinished(unfinishedBytes)
    })
    for (const event of ['message', 'ping', 'pong'] as const) this.#ws.on(event, whole)
  }

  #refuseText(receiver: TransportListener): void {
    this.close(UNSUPPORTED_DATA)
    receiver.onViolation('protocol_error')
  }
}
