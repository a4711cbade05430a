import type { FeedEntry } from './feed.ts'

export type WebhookKey = { readonly organizationId: string; readonly webhookId: string }

/** How far a webhook is. */
export type WebhookPosition = {
  /** Everything up to here is dealt with: a sequence of its organization's feed. */
  readonly doneSequence: number
  /** The batch that was begun after it. */
  readonly batch: WebhookBatch | undefined
}

/** What was sent to a webhook and is not dealt with yet: its last entry, and when it was first tried, at the latest. */
export type WebhookBatch = { readonly lastSequence: number; readonly sinceWallMs: number }

/** Leave to send a webhook its events. One at a time has it; the epoch tells whose it is from all before. */
export type WebhookLease = { readonly webhook: WebhookKey; readonly epoch: number }

/** An entry that could not be delivered to a webhook, and why the last attempt failed, a code. */
export type Undelivered = { readonly entry: FeedEntry; readonly failure: string }

/**
 * How far each webhook is in its organization's feed, and who sends it what comes next. Where several processes share a
 * store, each has a worker for each webhook, and the one with the lease works: what it does with a lease that is not its own
 * any more, because another took it or its time is over, is refused and changes nothing. Partition: the organization.
 */
export interface WebhookStore {
  /** All that positions or dead letters are kept of. A webhook is known from the first `FeedStore.watch` that names it. */
  list(): Promise<readonly WebhookKey[]>
  /** `undefined`: it is not known. */
  position(webhook: WebhookKey): Promise<WebhookPosition | undefined>
  /**
   * Takes the lease for so long from now, service time.
   *
   * @param held what the caller was given last: where it still holds, it goes on under the same epoch
   * @returns `undefined`: somebody else has it, or the webhook is not known
   */
  lease(webhook: WebhookKey, forMs: number, held?: WebhookLease): Promise<WebhookLease | undefined>
  /** Gives a lease back before its time. One that does not hold any more is ignored. */
  release(lease: WebhookLease): Promise<void>
  /** Writes down that the batch up to this entry is tried from now on. `undefined`: refused. Durable. */
  begin(lease: WebhookLease, lastSequence: number): Promise<WebhookBatch | undefined>
  /** Everything up to `sequence` is dealt with. Never goes back. `false`: refused. Soon durable. */
  advance(lease: WebhookLease, sequence: number): Promise<boolean>
  /** Makes dead letters of these entries and advances past `sequence`, in one step. `false`: refused. Durable. */
  bury(lease: WebhookLease, letters: readonly Undelivered[], sequence: number): Promise<boolean>
  /**
   * Drops its position, its dead letters and its lease; it holds no entries up any more. Nothing, where another process has named it in
   * its newest `FeedStore.watch` and was there within ten minutes: directories may differ for a while. Soon durable.
   */
  forget(webhook: WebhookKey): Promise<void>
}
