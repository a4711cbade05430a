import type { EntryPosition } from './mailboxes.ts'
import type { Registration } from './registrations.ts'

/** What one sweep has done: see `Store.sweep`. */
export type Swept = {
  /** Registrations whose reminder is to be sent now. */
  readonly reminded: readonly Registration[]
  /** Registrations that have expired, as they were: `remainingMs` says how late they are. */
  readonly expired: readonly Registration[]
  /** Mailbox entries that ended `expired`, as their lifetime was over. */
  readonly lapsed: readonly EntryPosition[]
  /** When the next is due, as far as is known now: 0 at once, for there was more than `max`; `Infinity`: nothing is. */
  readonly nextDueInMs: number
}
