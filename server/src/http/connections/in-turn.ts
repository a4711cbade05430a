import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests of one connection that are worked on at a time. Few clients send one before the last is answered. */
export const UNDER_WAY_MAX = 4
/** Requests of one connection that wait for those. Past it somebody floods us, and the connection is cut. */
export const WAITING_MAX = 512
/** Bytes of answers that may wait for a connection's peer before its next request is begun. */
const UNSENT_BYTES_MAX = 262_144

/**
 * Has each connection ask for little at a time. Node hands over every request that one read of the socket has
 * brought, a thousand of them, and only afterwards looks at whether their answers are being read: who pipelines
 * requests and never reads would have us make and keep all their answers.
 *
 * Costs a request that comes alone a look-up.
 */
export function inTurn(listener: RequestListener): RequestListener {
  const lines = new WeakMap<Socket, Line>()
  return (request, response) => {
    const { socket } = request
    let line = lines.get(socket)
    if (line === undefined) {
      line = new Line(socket, listener)
      lines.set(socket, line)
    }
    line.push(request, response)
  }
}

type Exchange = readonly [IncomingMessage, ServerResponse]

/** The requests of one connection, in their order. */
class Line {
  readonly #socket: Socket
  readonly #listener: RequestListener
  /** Some may be over. */
  #underWay: ServerResponse[] = []
  #waiting: Exchange[] = []

  constructor(socket: Socket, listener: RequestListener) {
    this.#socket = socket
    this.#listener = listener
  }

  push(request: IncomingMessage, response: ServerResponse): void {
    // The rest of a read whose connection was cut meanwhile.
    if (this.#socket.destroyed) return
    if (this.#waiting.length === 0 && this.#hasRoom()) this.#begin(request, response)
    else this.#wait(request, response)
  }

  #hasRoom(): boolean {
    const [first] = this.#underWay
    // By far the most come one after the other.
    if (first !== undefined && isOver(first)) this.#underWay = this.#underWay.filter((one) => !isOver(one))
    if (this.#underWay.length === 0) return true
    if (this.#underWay.length >= UNDER_WAY_MAX) return false
    let unsentBytes = this.#socket.writableLength
    for (const response of this.#underWay) unsentBytes += response.writableLength
    return unsentBytes < UNSENT_BYTES_MAX
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    this.#underWay.push(response)
    if (this.#waiting.length > 0) this.#goOnAfter(response)
    this.#listener(request, response)
  }

  #wait(request: IncomingMessage, response: ServerResponse): void {
    if (this.#waiting.length >= WAITING_MAX) {
      this.#waiting = []
      this.#socket.destroy()
      return
    }
    if (this.#waiting.length === 0) for (const one of this.#underWay) this.#goOnAfter(one)
    this.#waiting.push([request, response])
    // Each time: a body that is read meanwhile lets the socket go on.
    this.#socket.pause()
  }

  /** Once its last byte was handed to the system, or its connection is gone. */
  #goOnAfter(response: ServerResponse): void {
    response.once('close', () => this.#goOn())
  }

  #goOn(): void {
    if (this.#waiting.length === 0) return
    while (this.#waiting.length > 0 && this.#hasRoom() && !this.#socket.destroyed) {
      const [next] = this.#waiting.splice(0, 1)
      if (next !== undefined) this.#begin(...next)
    }
    if (this.#waiting.length === 0) this.#socket.resume()
  }
}

/** Answers leave in their order: none is over before those that were begun before it. */
function isOver(response: ServerResponse): boolean {
  return response.writableFinished || response.destroyed
}
