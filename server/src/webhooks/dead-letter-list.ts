import type { LifecycleEvent } from '@rollcall/protocol/lifecycle'
import type { FeedStore, WebhookKey } from '../store/store.ts'
import { lifecycleEvent, sequenceOf } from './lifecycle-event.ts'

/** A dead letter as it is shown. */
export type DeadLetterView = {
  readonly event: LifecycleEvent
  readonly failure: string
  readonly failedAtWallMs: number
}

/** The dead letters of webhooks, for people. */
export class DeadLetterList {
  readonly #feed: FeedStore

  constructor(feed: FeedStore) {
    this.#feed = feed
  }

  async page(
    webhook: WebhookKey,
    after: number,
    max: number,
  ): Promise<{ readonly letters: readonly DeadLetterView[]; readonly next: number | undefined }> {
    const letters = await this.#feed.deadLetters(webhook, after, max)
    const newest = this.#feed.deadLetterSequences(webhook).at(-1) ?? 0
    const last = letters.at(-1)?.entry.sequence ?? newest
    return {
      letters: letters.map(({ entry, failure, buriedAtWallMs }) => ({
        event: lifecycleEvent(entry),
        failure,
        failedAtWallMs: buriedAtWallMs,
      })),
      next: last < newest ? last : undefined,
    }
  }

  /** Sequences of those with these event ids, or of all; unknown ids are left out. */
  sequences(webhook: WebhookKey, eventIds: readonly string[] | undefined): readonly number[] {
    const all = this.#feed.deadLetterSequences(webhook)
    if (eventIds === undefined) return all
    const wanted = new Set(eventIds.map(sequenceOf))
    return all.filter((sequence) => wanted.has(sequence))
  }

  clear(webhook: WebhookKey): Promise<void> {
    return this.#feed.removeDeadLetters(webhook, this.#feed.deadLetterSequences(webhook))
  }
}
