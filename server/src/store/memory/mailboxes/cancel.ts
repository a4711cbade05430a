import type { DiscardReason } from '@rollcall/protocol/history'
import type { Moment } from '../../moment.ts'
import {
  type AppendOutcome,
  type CancelDraft,
  type Cancellation,
  type MailboxBounds,
  type RegistrationKey,
  toKey,
} from '../../store.ts'
import { isLive, type Race, type Slot } from '../registrations/slots.ts'
import type { MailboxParts } from './parts.ts'

/** The first acknowledgement of a race was given: the others get the cancelling event. */
export function cancelTheOthers(
  parts: MailboxParts,
  race: Race,
  bounds: MailboxBounds,
  at: Moment,
): Cancellation | undefined {
  const { slots, links } = parts
  if (race.isOver) return undefined
  race.isOver = true
  const others = [...slots.byId.values()].flatMap((slot) => {
    const original = slot.mailbox.find((entry) => entry.race === race)
    return original === undefined ? [] : [{ slot, sequence: original.sequence }]
  })
  if (others.length === 0) return undefined
  const discarded = others.filter(
    ({ slot, sequence }) => !links.isInFlight(slot.registration.registrationId, sequence),
  )
  for (const { slot, sequence } of discarded) discard(parts, slot, sequence, 'acknowledged_elsewhere', at)
  const live = others.map(({ slot }) => slot).filter(({ registration }) => isLive(registration, at.heardMs))
  return {
    ...tellTheOthers(parts, race.cancel, live, bounds, at),
    organizationId: others[0]?.slot.registration.organizationId ?? '',
    discarded: discarded.map(({ slot, sequence }) => ({ registration: toKey(slot.registration), sequence })),
    durable: Promise.resolve(),
  }
}

/** A copy that was not sent goes. */
export function discard(
  { history, neighbours }: MailboxParts,
  slot: Slot,
  sequence: number,
  reason: DiscardReason,
  at: Moment,
): void {
  const discarded = slot.mailbox.find((entry) => entry.sequence === sequence)
  if (discarded !== undefined) neighbours.entryOver(slot, discarded, false)
  slot.mailbox = slot.mailbox.filter((entry) => entry.sequence !== sequence)
  history.note(sequence, 'discarded', at.nowWallMs, reason)
}

/** The cancelling event goes into these mailboxes. */
export function tellTheOthers(
  parts: MailboxParts,
  { record, ...event }: CancelDraft,
  others: readonly Slot[],
  bounds: MailboxBounds,
  at: Moment,
): Pick<Cancellation, 'accepted' | 'full'> {
  const accepted: AppendOutcome['accepted'][number][] = []
  const full: RegistrationKey[] = []
  for (const slot of others) {
    if (hasRoom(slot, event.payload.byteLength, bounds)) accepted.push(append(parts, slot, event, at))
    else full.push(toKey(slot.registration))
  }
  if (record !== undefined && others.length > 0)
    parts.history.addAppended({ ...record, acceptedAtWallMs: at.nowWallMs }, { accepted, full })
  return { accepted: accepted.map(({ registration }) => registration), full }
}

function append(
  { slots, neighbours }: MailboxParts,
  slot: Slot,
  event: Pick<Race['cancel'], 'eventId' | 'payload' | 'sealed'>,
  at: Moment,
): AppendOutcome['accepted'][number] {
  const sequence = slots.nextSequence++
  const follows = slot.mailbox.at(-1)?.sequence ?? 0
  slot.mailbox.push({
    ...event,
    acceptedAtWallMs: at.nowWallMs,
    sequence,
    collapseKey: undefined,
    race: undefined,
    dueAtWallMs: Number.POSITIVE_INFINITY,
  })
  const added = { sequence, follows, ...event, mustBeClaimed: false }
  neighbours.tellHolder(slot.registration, { kind: 'appended', ...added })
  return { registration: toKey(slot.registration), sequence, follows }
}

/** Twice the bounds, so that one that is full of calls still learns that they are over. */
function hasRoom({ mailbox }: Slot, payloadBytes: number, { eventsMax, bytesMax }: MailboxBounds): boolean {
  const bytes = mailbox.reduce((sum, entry) => sum + entry.payload.byteLength, 0)
  return mailbox.length < 2 * eventsMax && bytes + payloadBytes <= 2 * bytesMax
}
