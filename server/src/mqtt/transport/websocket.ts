import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { PACKET_BYTES_MAX } from '@rollcall/protocol/limits'
import { FrameError, type FrameListener, FrameReader } from './frame-reader.ts'
import { SocketWriter } from './socket-writer.ts'
import { TCP_KEEPALIVE_MS } from './tcp.ts'
import type { OnTaken, Transport, TransportListener } from './transport.ts'
import type { TurnEnd } from './turn-end.ts'

/** Times the largest packet, the bytes taken from a peer before it is known: leaves room for the heads of tiny frames. */
const FRAMING = 2

/** Bytes of a message that may have come before its end without anybody being told: most come whole. */
const UNTOLD_BYTES_MAX = 4_096

/** What may wait in the socket for a pong to be written besides: who pings and never reads gets no more (RFC 6455 §5.5.3). */
const PONG_BUFFER_BYTES_MAX = 65_536

const NORMAL_CLOSURE = 1000
const CLOSE = 0x88
const PONG = 0x8a

/** MQTT over a WebSocket (MQTT 5.0 §6), after its opening handshake. */
export class WebSocketTransport extends SocketWriter implements Transport, FrameListener {
  readonly isWebSocket = true
  readonly userAgent: string | undefined
  readonly #reader: FrameReader
  #receiver: TransportListener | undefined
  /** What a peer may send still before it is known; `undefined`: it is. */
  #strangerBytesLeft: number | undefined
  /** Whether a close frame was written: after it nothing may follow (RFC 6455 §5.5.1). */
  #isClosing = false

  /** @param connectBytesMax largest packet before CONNECT was accepted */
  constructor(
    socket: Duplex,
    userAgent: string | undefined,
    { turnEnd, connectBytesMax }: { readonly turnEnd: TurnEnd; readonly connectBytesMax: number },
  ) {
    super(socket, turnEnd)
    this.userAgent = userAgent
    this.#strangerBytesLeft = FRAMING * connectBytesMax
    this.#reader = new FrameReader(this, PACKET_BYTES_MAX)
    if (!(socket instanceof Socket)) return
    socket.setTimeout(0)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
  }

  get name(): 'websocket' {
    return 'websocket'
  }

  start(receiver: TransportListener): void {
    this.#receiver = receiver
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk))
    // The HTTP server lets either side end first.
    this.socket.on('end', () => this.#end())
    this.socket.on('close', () => receiver.onClosed())
  }

  write(frame: Buffer, onTaken?: OnTaken): void {
    if (!this.#isClosing && this.socket.writable) this.writeFrame(frame, onTaken)
  }

  notifyDrained(): void {
    this.socket.once('drain', () => this.#receiver?.onDrained())
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  admitted(): void {
    this.#strangerBytesLeft = undefined
  }

  close(code = NORMAL_CLOSURE): void {
    this.#writeClose(code)
    // Reading goes on, or the peer's close frame would never be seen.
    this.socket.resume()
  }

  destroy(): void {
    this.socket.destroy()
  }

  onMessage(payload: Buffer): void {
    this.#receiver?.onData(payload)
  }

  onPing(payload: Buffer): void {
    if (this.bufferedBytes() <= PONG_BUFFER_BYTES_MAX) this.write(controlFrame(PONG, payload))
  }

  onClose(code: number | undefined): void {
    this.#writeClose(code)
    this.#end()
  }

  #read(chunk: Buffer): void {
    if (this.#strangerBytesLeft !== undefined) this.#strangerBytesLeft -= chunk.length
    if ((this.#strangerBytesLeft ?? 0) < 0) this.#cutOff()
    else this.#readFrames(chunk)
  }

  #cutOff(): void {
    this.#receiver?.onViolation('packet_too_large')
    this.destroy()
  }

  #readFrames(chunk: Buffer): void {
    try {
      this.#reader.push(chunk)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.close(error.code)
      this.#receiver?.onViolation(error.reason)
    }
    const { heldBytes } = this.#reader
    if (this.#strangerBytesLeft === undefined && heldBytes > UNTOLD_BYTES_MAX)
      this.#receiver?.onUnfinished(heldBytes)
  }

  /** What was written goes out before it. */
  #writeClose(code: number | undefined): void {
    if (this.#isClosing) return
    this.endTurn()
    this.#isClosing = true
    const payload = Buffer.alloc(code === undefined ? 0 : 2)
    if (code !== undefined) payload.writeUInt16BE(code)
    if (this.socket.writable) this.socket.write(controlFrame(CLOSE, payload))
  }

  /** Nothing more comes, and what was written is on its way (RFC 6455 §7.1.1). */
  #end(): void {
    this.#isClosing = true
    this.socket.end(() => this.socket.destroy())
  }
}

/** Of a server: not masked. */
function controlFrame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(opcode, payload.length), payload])
}
