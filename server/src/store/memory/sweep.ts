import { SPARED_FOR_MS } from '../bounds.ts'
import { dueAtMs, nextStep } from '../lifecycle.ts'
import type { Moment } from '../moment.ts'
import { type EntryPosition, type Registration, type Swept, toKey } from '../store.ts'
import { endOne } from './mailboxes/end.ts'
import type { MailboxParts } from './mailboxes/parts.ts'
import type { RegistrationParts } from './registrations/registrations.ts'
import { isNewest, type Slot, type Slots, toRegistration, type WaitingEntry } from './registrations/slots.ts'

/** See `Store.sweep`. */
export function sweep(registrations: RegistrationParts, mailboxes: MailboxParts, max: number): Swept {
  const at = registrations.now()
  const swept = sweepRegistrations(registrations, max, at)
  const lapsed = sweepEntries(mailboxes, max, at)
  const [next] = byDue(registrations.slots)
  const [entry] = entriesByDue(registrations.slots)
  const inMs = next === undefined ? Number.POSITIVE_INFINITY : dueAtMs(next.registration) - at.heardMs
  const entryInMs = entry === undefined ? Number.POSITIVE_INFINITY : entry.entry.dueAtWallMs - at.nowWallMs
  return { ...swept, lapsed, nextDueInMs: Math.max(0, Math.min(inMs, entryInMs)) }
}

function sweepRegistrations(
  { slots, neighbours, end, record }: RegistrationParts,
  max: number,
  at: Moment,
): Pick<Swept, 'reminded' | 'expired'> {
  const { nowMs, heardMs } = at
  const reminded: Registration[] = []
  const expired: Registration[] = []
  for (const slot of byDue(slots).slice(0, max)) {
    if (dueAtMs(slot.registration) > heardMs) break
    if (nextStep(slot.registration, heardMs) === 'expire') {
      const isReplaced = !isNewest(slots, slot)
      if (!isReplaced) record('UserEndpointExpiredEvent', slot.registration, 'keepalive_missed', at)
      end(slot, isReplaced ? 'registered_anew' : 'registration_expired', at)
      expired.push(toRegistration(slot.registration, nowMs))
      continue
    }
    slot.registration = { ...slot.registration, reminded: true }
    const registration = toRegistration(slot.registration, nowMs)
    neighbours.remind(registration)
    reminded.push(registration)
  }
  return { reminded, expired }
}

function sweepEntries(parts: MailboxParts, max: number, at: Moment): readonly EntryPosition[] {
  const lapsed: EntryPosition[] = []
  for (const { slot, entry } of entriesByDue(parts.slots).slice(0, max)) {
    if (entry.dueAtWallMs > at.nowWallMs) break
    if (parts.links.isInFlight(slot.registration.registrationId, entry.sequence)) {
      entry.dueAtWallMs = at.nowWallMs + SPARED_FOR_MS
      continue
    }
    endOne(parts, slot, entry, 'expired', at)
    lapsed.push({ registration: toKey(slot.registration), sequence: entry.sequence })
  }
  return lapsed
}

function byDue(slots: Slots): readonly Slot[] {
  return [...slots.byId.values()].sort((a, b) => dueAtMs(a.registration) - dueAtMs(b.registration))
}

function entriesByDue(slots: Slots): readonly { readonly slot: Slot; readonly entry: WaitingEntry }[] {
  const all = [...slots.byId.values()].flatMap((slot) => slot.mailbox.map((entry) => ({ slot, entry })))
  return all
    .filter(({ entry }) => entry.dueAtWallMs !== Number.POSITIVE_INFINITY)
    .sort((a, b) => a.entry.dueAtWallMs - b.entry.dueAtWallMs || a.entry.sequence - b.entry.sequence)
}
