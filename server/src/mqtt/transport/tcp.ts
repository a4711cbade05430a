import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { SocketWriter } from './socket-writer.ts'
import type { OnTaken, Transport, TransportListener } from './transport.ts'
import type { TurnEnd } from './turn-end.ts'

/** Silence after which the operating system asks whether the peer is still there: MQTT's keepalive may be 0. */
export const TCP_KEEPALIVE_MS = 60_000

/** MQTT straight over TCP or TLS. */
export class TcpTransport extends SocketWriter implements Transport {
  readonly isWebSocket = false
  readonly #socket: Socket
  #receiver: TransportListener | undefined

  constructor(socket: Socket, turnEnd: TurnEnd) {
    super(socket, turnEnd)
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
    // `close` follows every error and says all there is to know.
    socket.on('error', () => {})
  }

  get name(): 'tcp' | 'tls' {
    return this.#socket instanceof TLSSocket ? 'tls' : 'tcp'
  }

  get userAgent(): undefined {
    return undefined
  }

  start(receiver: TransportListener): void {
    this.#receiver = receiver
    this.#socket.on('data', (chunk: Buffer) => receiver.onData(chunk))
    this.#socket.on('close', () => receiver.onClosed())
  }

  write(frame: Buffer, onTaken?: OnTaken): void {
    if (this.#socket.writable) this.writeFrame(frame, onTaken)
  }

  notifyDrained(): void {
    this.#socket.once('drain', () => this.#receiver?.onDrained())
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  admitted(): void {}

  close(): void {
    this.endTurn()
    // Reading goes on, or the peer's own end would never be seen.
    this.#socket.resume()
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
