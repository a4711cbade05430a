import type { WebhookAttempt } from '@rollcall/protocol/webhook'

/** One request to a receiver, and what came of it. */
export type Attempt = Omit<WebhookAttempt, 'at'> & {
  /** When it was over. */
  readonly atWallMs: number
}

/** How many are remembered of each webhook. */
const ATTEMPTS_MAX = 50

/** The last attempts of one webhook. In memory: they say how the receiver is doing now. */
export class Attempts {
  #newestFirst: readonly Attempt[] = []

  add(attempt: Attempt): void {
    this.#newestFirst = [attempt, ...this.#newestFirst].slice(0, ATTEMPTS_MAX)
  }

  list(): readonly Attempt[] {
    return this.#newestFirst
  }
}
