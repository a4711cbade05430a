import type { Duplex } from 'node:stream'
import type { Gathering, TickEnd } from './tick-end.ts'
import type { OnTaken } from './transport.ts'

/**
 * Writes frames to a socket. The first of a tick goes out at once; further ones of the same tick are gathered
 * into one system call.
 */
export class SocketWriter implements Gathering {
  readonly socket: Duplex
  readonly #tickEnd: TickEnd
  #writtenBytes = 0
  #wrote = false
  #corked = false

  constructor(socket: Duplex, tickEnd: TickEnd) {
    this.socket = socket
    this.#tickEnd = tickEnd
  }

  writeFrame(frame: Buffer, onTaken?: OnTaken): void {
    if (!this.#wrote) {
      this.#wrote = true
      this.#tickEnd.add(this)
    } else if (!this.#corked) {
      this.#corked = true
      this.socket.cork()
    }
    this.#writtenBytes += frame.length
    this.socket.write(frame, onTaken)
  }

  bufferedBytes(): number {
    return this.socket.writableLength
  }

  takenBytes(): number {
    return this.#writtenBytes - this.socket.writableLength
  }

  endTick(): void {
    this.#wrote = false
    if (!this.#corked) return
    this.#corked = false
    this.socket.uncork()
  }
}
