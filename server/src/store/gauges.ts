/**
 * Numbers that this process knows of itself: cheap, at once, and never wrong in a way that matters. They are for its
 * metrics and for what it admits; what is promised rests on none of them. In an engine that processes share they are what
 * this one has done, and what it heard last of all of them.
 */
export interface StoreGauges {
  /**
   * What everything that waits in mailboxes takes on disk, about, in one organization or in all: what entries share is
   * counted once. The same after a restart.
   */
  mailboxDiskBytes(organizationId?: string): number
  /** What was given up since the store was opened, because there was too much of it. */
  evicted(): Evicted
}

export type Evicted = {
  /** Replies that were forgotten before their time. */
  readonly idempotencyKeys: number
  /** Entries of the feed and dead letters. */
  readonly feedEvents: number
  /** Refresh families, and users of whom it was known when they were last seen, of the organizations that had the most. */
  readonly signIns: number
  readonly lastSeen: number
  /** Of the organizations that had the most of a full history. */
  readonly historyBytes: number
}
