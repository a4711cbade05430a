/**
 * What there is now: registrations, whose time may be over where they were not swept yet, and what waits in their
 * mailboxes.
 */
export type StoreTotals = {
  readonly registrations: number
  readonly mailboxEvents: number
  readonly mailboxBytes: number
}
