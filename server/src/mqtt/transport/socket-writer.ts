import type { Duplex } from 'node:stream'
import { showsCertificate } from '../../auth/auth.ts'
import type { OnTaken } from './transport.ts'
import type { Gathering, TurnEnd } from './turn-end.ts'

type Held = { readonly frame: Buffer; readonly onTaken: OnTaken | undefined }

/** Writes frames to a socket: those of one turn of the event loop at its end, in one system call. */
export class SocketWriter implements Gathering {
  readonly socket: Duplex
  readonly #turnEnd: TurnEnd
  /** Of this turn; most connections are silent. */
  #held: Held[] | undefined
  #heldBytes = 0
  #writtenBytes = 0

  constructor(socket: Duplex, turnEnd: TurnEnd) {
    this.socket = socket
    this.#turnEnd = turnEnd
  }

  get hasCertificate(): boolean {
    return showsCertificate(this.socket)
  }

  writeFrame(frame: Buffer, onTaken?: OnTaken): void {
    if (this.#held === undefined) this.#turnEnd.add(this)
    this.#held ??= []
    this.#held.push({ frame, onTaken })
    this.#heldBytes += frame.length
  }

  bufferedBytes(): number {
    return this.socket.writableLength + this.#heldBytes
  }

  takenBytes(): number {
    return this.#writtenBytes - this.socket.writableLength
  }

  endTurn(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    this.#heldBytes = 0
    const isAlone = held.length === 1
    if (!isAlone) this.socket.cork()
    for (const { frame, onTaken } of held) {
      this.#writtenBytes += frame.length
      this.socket.write(frame, onTaken)
    }
    if (!isAlone) this.socket.uncork()
  }
}
