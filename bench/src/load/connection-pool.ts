import { HttpConnection } from './http-connection.ts'
import type { OnAnswer, Pool } from './work.ts'

const READ_BUFFER_BYTES = 65_536

/** Connections that stay open, each a slot for one request under way. */
export class ConnectionPool implements Pool {
  readonly #port: number
  #connections: readonly HttpConnection[] = []
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

  async open(slots: number, onAnswer: OnAnswer): Promise<void> {
    const readBuffer = Buffer.alloc(READ_BUFFER_BYTES)
    this.#connections = await Promise.all(
      Array.from({ length: slots }, (_, slot) =>
        HttpConnection.open({
          port: this.#port,
          readBuffer,
          onResponse: (status, bytes, start, end) => onAnswer(slot, status, bytes, start, end),
          onLost: this.#lose,
        }),
      ),
    )
  }

  send(slot: number, request: Buffer): void {
    this.#connections[slot]?.send(request)
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }
}
