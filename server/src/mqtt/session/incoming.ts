import { PACKET_BYTES_MAX } from '@rollcall/protocol/limits'
import { type ActingConnection, dispatch } from '../operations/dispatch.ts'
import { PacketReader } from '../packets/packet-reader.ts'
import { PacketError } from '../reasons.ts'

/** First byte of CONNECT, which must be the first packet [MQTT-3.1.0-1]. */
const CONNECT = 0x10

/** Whose packets these are. */
type ReadConnection = ActingConnection & {
  /** So many bytes were read and belong to a packet that is not whole. */
  onKept(bytes: number): void
}

/**
 * Hands a connection's packets on, one after the other: while one is being worked on the next ones wait, as
 * bytes, and reading stops as soon as more come in, so that what waits is bounded by one read.
 */
export class Incoming {
  readonly #connection: ReadConnection
  readonly #reader = new PacketReader()
  #holds = 0
  #isPaused = false

  constructor(connection: ReadConnection) {
    this.#connection = connection
  }

  get isBusy(): boolean {
    return this.#holds > 0
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk)
    if (this.isBusy) this.#pause()
    else this.#work()
  }

  /** Has all further packets wait until `pending` resolves. */
  hold(pending: Promise<void>): void {
    this.#holds++
    pending.then(() => this.#goOn()).catch((error: unknown) => this.#connection.fail(error))
  }

  clear(): void {
    this.#reader.clear()
  }

  #work(): void {
    const connection = this.#connection
    try {
      for (let packet = this.#next(); packet !== undefined; packet = this.#next()) {
        const pending = dispatch(connection, packet)
        if (pending !== undefined) this.hold(pending)
      }
      if (!connection.isOpen) return
      if (!this.isBusy) connection.onKept(this.#reader.heldBytes)
      connection.outgoing.onWorkedOff()
    } catch (error) {
      connection.fail(error)
    }
  }

  #next(): Buffer | undefined {
    if (this.isBusy || !this.#connection.isOpen) return undefined
    if (this.#connection.client !== undefined) return this.#reader.next(PACKET_BYTES_MAX)
    const { nextByte } = this.#reader
    if (nextByte !== undefined && nextByte !== CONNECT) throw new PacketError('protocol_error')
    return this.#reader.next(this.#connection.context.connectBytesMax)
  }

  #goOn(): void {
    this.#holds--
    if (this.isBusy) return
    // What waited behind it was not silence.
    this.#connection.heard()
    this.#resume()
    this.#work()
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#connection.transport.pause()
  }

  #resume(): void {
    if (!this.#isPaused || !this.#connection.isOpen) return
    this.#isPaused = false
    this.#connection.transport.resume()
  }
}
