import type { OnResponse } from '../wire/http-response.ts'
import { HttpConnection } from './http-connection.ts'

const READ_BUFFER_BYTES = 65_536

export type OnAnswer = (slot: number, ...answer: Parameters<OnResponse>) => void

/** Connections that stay open, each a slot for one request under way. */
export class ConnectionPool {
  #connections: readonly HttpConnection[] = []
  /** Rejects when a connection is lost; never resolves. */
  readonly lost: Promise<never>
  readonly #lose: (error: Error) => void

  constructor() {
    let lose: (error: Error) => void = () => {}
    this.lost = new Promise((_, reject) => {
      lose = reject
    })
    this.lost.catch(() => {})
    this.#lose = lose
  }

  async open(port: number, slots: number, onAnswer: OnAnswer): Promise<void> {
    const readBuffer = Buffer.alloc(READ_BUFFER_BYTES)
    this.#connections = await Promise.all(
      Array.from({ length: slots }, (_, slot) =>
        HttpConnection.open({
          port,
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
