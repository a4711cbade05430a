import { PACKET_BYTES_MAX } from '@rollcall/protocol/limits'
import { dispatch } from './dispatch.ts'
import { PacketReader } from './packets/packet-reader.ts'
import { PacketError } from './reasons.ts'
import type { Session } from './session.ts'

/** First byte of CONNECT, which must be the first packet [MQTT-3.1.0-1]. */
const CONNECT = 0x10

/**
 * Hands a connection's packets on, one after the other: while one is being worked on the next ones wait, as
 * bytes, and reading stops as soon as more come in, so that what waits is bounded by one read.
 */
export class Incoming {
  readonly #session: Session
  readonly #reader = new PacketReader()
  #holds = 0
  #isPaused = false

  constructor(session: Session) {
    this.#session = session
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
    pending.then(() => this.#goOn()).catch((error: unknown) => this.#session.fail(error))
  }

  clear(): void {
    this.#reader.clear()
  }

  #work(): void {
    const session = this.#session
    try {
      for (let packet = this.#next(); packet !== undefined; packet = this.#next()) {
        const pending = dispatch(session, packet)
        if (pending !== undefined) this.hold(pending)
      }
      if (!session.isOpen) return
      if (!this.isBusy) session.onKept(this.#reader.heldBytes)
      session.outgoing.onWorkedOff()
    } catch (error) {
      session.fail(error)
    }
  }

  #next(): Buffer | undefined {
    if (this.isBusy || !this.#session.isOpen) return undefined
    if (this.#session.client !== undefined) return this.#reader.next(PACKET_BYTES_MAX)
    const { nextByte } = this.#reader
    if (nextByte !== undefined && nextByte !== CONNECT) throw new PacketError('protocol_error')
    return this.#reader.next(this.#session.context.connectBytesMax)
  }

  #goOn(): void {
    this.#holds--
    if (this.isBusy) return
    // What waited behind it was not silence.
    this.#session.heard()
    this.#resume()
    this.#work()
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#session.transport.pause()
  }

  #resume(): void {
    if (!this.#isPaused || !this.#session.isOpen) return
    this.#isPaused = false
    this.#session.transport.resume()
  }
}
