import type { LifecycleEvent } from '@rollcall/protocol/lifecycle'
import type { DeadLetterStore, WebhookKey } from '../store/store.ts'
import { lifecycleEvent, sequenceOf } from './lifecycle-event.ts'

/** A dead letter as it is shown. */
export type DeadLetterView = {
  readonly event: LifecycleEvent
  readonly failure: string
  readonly failedAtWallMs: number
}

/** The dead letters of webhooks, for people. */
export class DeadLetterList {
  readonly #store: DeadLetterStore

  constructor(store: DeadLetterStore) {
    this.#store = store
  }

  async page(
    webhook: WebhookKey,
    after: number,
    max: number,
  ): Promise<{ readonly letters: readonly DeadLetterView[]; readonly next: number | undefined }> {
    const letters = await this.#store.list(webhook, after, max)
    const newest = (await this.#store.sequences(webhook)).at(-1) ?? 0
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
  async sequences(webhook: WebhookKey, eventIds: readonly string[] | undefined): Promise<readonly number[]> {
    const all = await this.#store.sequences(webhook)
    if (eventIds === undefined) return all
    const wanted = new Set(eventIds.map(sequenceOf))
    return all.filter((sequence) => wanted.has(sequence))
  }

  async clear(webhook: WebhookKey): Promise<void> {
    await this.#store.remove(webhook, await this.#store.sequences(webhook))
  }
}
