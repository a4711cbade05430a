import type { DeadLetterStore, WebhookKey } from '../store/store.ts'
import { type Batch, batchOf } from './batch.ts'

/** Dead letters read for one batch. */
const READ_MAX = 100

/**
 * The dead letters of a webhook that are to be sent again. They leave the list when they are taken, and the first
 * batch that is not ends it all: what is left stays in the list. A restart of the server ends it too.
 */
export class Replay {
  readonly #key: WebhookKey
  readonly #deadLetters: DeadLetterStore
  readonly #wanted = new Set<number>()

  constructor(key: WebhookKey, deadLetters: DeadLetterStore) {
    this.#key = key
    this.#deadLetters = deadLetters
  }

  add(sequences: readonly number[]): void {
    for (const sequence of sequences) this.#wanted.add(sequence)
  }

  /** The next batch, oldest first. */
  async next(): Promise<Batch | undefined> {
    for (;;) {
      if (this.#wanted.size === 0) return undefined
      const first = Math.min(...this.#wanted)
      const letters = await this.#deadLetters.list(this.#key, first - 1, READ_MAX)
      const wanted = letters.map(({ entry }) => entry).filter(({ sequence }) => this.#wanted.has(sequence))
      const batch = batchOf(this.#key, wanted)
      if (batch !== undefined) return batch
      // It was dropped meanwhile.
      this.#wanted.delete(first)
    }
  }

  async done({ entries }: Batch): Promise<void> {
    const sequences = entries.map(({ sequence }) => sequence)
    for (const sequence of sequences) this.#wanted.delete(sequence)
    await this.#deadLetters.remove(this.#key, sequences)
  }

  stop(): void {
    this.#wanted.clear()
  }
}
