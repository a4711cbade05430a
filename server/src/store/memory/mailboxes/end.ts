import type { DiscardReason } from '@rollcall/protocol/history'
import type { Moment } from '../../moment.ts'
import type { Cancellation, Ending, EndOutcome, HeldEntry, MailboxBounds } from '../../store.ts'
import type { Slot, WaitingEntry } from '../registrations/slots.ts'
import { cancelTheOthers } from './cancel.ts'
import type { MailboxParts } from './parts.ts'

/** This very entry, where it waits. */
export function waitingEntry(
  { slots }: MailboxParts,
  { registration, sequence, eventId }: HeldEntry,
): { readonly slot: Slot; readonly entry: WaitingEntry } | undefined {
  const slot = slots.byId.get(registration.registrationId)
  const entry = slot?.mailbox.find((one) => one.sequence === sequence && one.eventId === eventId)
  return slot !== undefined && entry !== undefined ? { slot, entry } : undefined
}

/** See `MailboxStore.end`. */
export function endAll<Entry extends HeldEntry>(
  parts: MailboxParts,
  entries: readonly Entry[],
  how: Ending,
  bounds: MailboxBounds,
  reason?: DiscardReason,
): EndOutcome<Entry> {
  const at = parts.now()
  const ended: Entry[] = []
  const cancellations: Cancellation[] = []
  for (const held of entries) {
    const found = waitingEntry(parts, held)
    if (found === undefined) continue
    endOne(parts, found.slot, found.entry, how, at, reason)
    ended.push(held)
    const race = how === 'acknowledged' ? found.entry.race : undefined
    const cancellation = race && cancelTheOthers(parts, race, bounds, at)
    if (cancellation !== undefined) cancellations.push(cancellation)
  }
  return { ended, cancellations, refused: [] }
}

/** An entry leaves its mailbox: whoever keeps something about it is told. */
export function endOne(
  { calls, feed, history, neighbours }: MailboxParts,
  slot: Slot,
  ended: WaitingEntry,
  how: Ending,
  { nowWallMs }: Moment,
  reason?: DiscardReason,
): void {
  const { sequence, eventId } = ended
  slot.mailbox = slot.mailbox.filter((entry) => entry.sequence !== sequence)
  neighbours.entryOver(slot, ended, how === 'acknowledged')
  if (how !== 'acknowledged') calls.dropEntry(sequence)
  if (how !== 'discarded') {
    const type = how === 'expired' ? 'UserEventExpiredEvent' : 'UserEventAcknowledgedEvent'
    feed.addReceipt(type, slot.registration, eventId, nowWallMs)
  }
  history.note(sequence, how, nowWallMs, reason)
}
