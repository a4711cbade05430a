import type { Undelivered, WebhookKey } from './webhooks.ts'

/** An entry that could not be delivered to a webhook. */
export type DeadLetter = Undelivered & { readonly buriedAtWallMs: number }

/**
 * What webhooks did not take; `WebhookStore.bury` adds to it. Bounded (`FeedBounds.deadLettersMax`): the oldest go.
 * Partition: the organization.
 */
export interface DeadLetterStore {
  /** Those after `afterSequence`, oldest first, at most `max`. Only durable ones. */
  list(webhook: WebhookKey, afterSequence: number, max: number): Promise<readonly DeadLetter[]>
  /** Sequences of all, oldest first. */
  sequences(webhook: WebhookKey): Promise<readonly number[]>
  /** Unknown ones are ignored. Durable. */
  remove(webhook: WebhookKey, sequences: readonly number[]): Promise<void>
}
