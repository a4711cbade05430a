import { HttpConnection } from './http-connection.ts'
import { Loss } from './loss.ts'
import type { OnAnswer, Pool } from './work.ts'

const READ_BUFFER_BYTES = 65_536

/** Connections that stay open, each a slot for one request under way. */
export class ConnectionPool implements Pool {
  readonly #port: number
  readonly #readBuffer = Buffer.alloc(READ_BUFFER_BYTES)
  readonly #loss = new Loss()
  readonly #connections: HttpConnection[] = []
  #onAnswer: OnAnswer = () => {}

  constructor(port: number) {
    this.#port = port
  }

  get lost(): Promise<never> {
    return this.#loss.promise
  }

  /** Each connection is opened for the first request of its slot: a server closes those that bring none. */
  async open(_slots: number, onAnswer: OnAnswer): Promise<void> {
    this.#onAnswer = onAnswer
  }

  send(slot: number, request: Buffer): void {
    const connection = this.#connections[slot]
    if (connection !== undefined) connection.send(request)
    // Where it fails the loss is told already.
    else this.#connect(slot).then((opened) => opened.send(request), this.#loss.tell)
  }

  async #connect(slot: number): Promise<HttpConnection> {
    const connection = await HttpConnection.open({
      port: this.#port,
      readBuffer: this.#readBuffer,
      onResponse: (status, bytes, start, end) => this.#onAnswer(slot, status, bytes, start, end),
      onLost: this.#loss.tell,
    })
    this.#connections[slot] = connection
    return connection
  }

  close(): void {
    for (const connection of this.#connections) connection?.close()
  }
}
