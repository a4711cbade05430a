import type { UserKey } from './registrations.ts'

/** How much was removed. */
export type Erased = {
  readonly registrations: number
  /** Entries of its mailboxes. */
  readonly mailboxEvents: number
  /** Records of the history. */
  readonly events: number
  readonly calls: number
  /** Replies to its idempotency keys. */
  readonly replies: number
  /** Entries of the feed that no webhook was sent yet, and dead letters. */
  readonly feedEntries: number
  readonly deadLetters: number
}

/**
 * Removes what is kept of a person. Crosses partitions, takes turns with everything else, and may be repeated: what comes
 * about the user meanwhile is new, and stays.
 */
export interface ErasureStore {
  /**
   * Removes a user's registrations and mailboxes, when it was last seen, its calls and those that it sent, the replies to
   * its keys, the events that it was sent or sent itself, and what the feed and the dead letters say of it. Sign-ins and
   * revocations are not its business; nor is what waits for others, whoever sent it. Durable: then no row has any of it.
   *
   * @param rest awaited before each step of what may take long, and at least once. Default: everybody else has a turn
   */
  erase(user: UserKey, rest?: () => Promise<void>): Promise<Erased>
}
