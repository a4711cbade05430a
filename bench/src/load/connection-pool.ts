import { HttpConnection } from './http-connection.ts'
import type { OnAnswer, Pool } from './work.ts'

const READ_BUFFER_BYTES = 65_536

/** Connections that stay open, each a slot for one request under way. */
export class ConnectionPool implements Pool {
  readonly #port: number
  #connections: (HttpConnection | undefined)[] = []
  #connect: (slot: number) => Promise<HttpConnection> = () => Promise.reject(new Error('not open'))
  readonly lost: Promise<never>
  readonly #lose: (error: Error) => void

  constructor(port: number) {
    this.#port = port
    let lose: (error: Error) => void = () => {}
    this.lost = new Promise((_, reject) => {
      lose = reject
    })
    this.lost.catch(() => {})
    this.#lose = lose
  }

  /** Each connection is opened for the first request of its slot: a server closes those that bring none. */
  async open(slots: number, onAnswer: OnAnswer): Promise<void> {
    const readBuffer = Buffer.alloc(READ_BUFFER_BYTES)
    this.#connections = new Array<undefined>(slots).fill(undefined)
    this.#connect = (slot) =>
      HttpConnection.open({
        port: this.#port,
        readBuffer,
        onResponse: (status, bytes, start, end) => onAnswer(slot, status, bytes, start, end),
        onLost: this.#lose,
      })
  }

  send(slot: number, request: Buffer): void {
    const connection = this.#connections[slot]
    if (connection === undefined) void this.#sendFirst(slot, request)
    else connection.send(request)
  }

  async #sendFirst(slot: number, request: Buffer): Promise<void> {
    try {
      const connection = await this.#connect(slot)
      this.#connections[slot] = connection
      connection.send(request)
    } catch {
      // The pool is told that it is lost.
    }
  }

  close(): void {
    for (const connection of this.#connections) connection?.close()
  }
}
