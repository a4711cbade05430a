import type { ChannelLike } from '../platform.ts'
import { parseMessage, type TabMessage } from './messages.ts'

/**
 * The tabs' channel, with this tab among its own listeners: a BroadcastChannel does not deliver to the one that
 * posts, and the leader is a tab like the others.
 */
export class TabBus {
  readonly #channel: ChannelLike
  readonly #listeners = new Set<(message: TabMessage) => void>()
  #isClosed = false

  constructor(channel: ChannelLike) {
    this.#channel = channel
    channel.addEventListener('message', ({ data }) => {
      const message = parseMessage(data)
      if (message !== undefined) this.#tell(message)
    })
  }

  listen(listener: (message: TabMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  post(message: TabMessage): void {
    if (this.#isClosed) return
    try {
      this.#channel.postMessage(message)
    } catch {
      // A page that the browser has put aside. Whoever waits for an answer gives up in time.
    }
    // Later, as for everybody else.
    queueMicrotask(() => this.#tell(message))
  }

  close(): void {
    this.#isClosed = true
    this.#channel.close()
  }

  #tell(message: TabMessage): void {
    for (const listener of [...this.#listeners]) listener(message)
  }
}
