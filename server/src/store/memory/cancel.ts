import type {
  AppendOutcome,
  Cancellation,
  EntryPosition,
  MailboxBounds,
  Moment,
  Registration,
  SentThrough,
} from '../store.ts'
import type { History } from './history.ts'
import { isLive, type Race, type Slot, type Slots } from './slots.ts'

/** The first acknowledgement of a race was given: the others get the cancelling event. */
export function cancelTheOthers(
  slots: Slots,
  history: History,
  race: Race,
  bounds: MailboxBounds,
  sentThrough: SentThrough,
  at: Moment,
): Cancellation | undefined {
  if (race.isOver) return undefined
  race.isOver = true
  const { record, ...event } = race.cancel
  const accepted: AppendOutcome['accepted'][number][] = []
  const full: Registration[] = []
  const discarded: EntryPosition[] = []
  let others = 0
  for (const slot of slots.byId.values()) {
    const original = slot.mailbox.find((entry) => entry.race === race)
    if (original === undefined) continue
    others++
    const { registration } = slot
    if (original.sequence > sentThrough(registration.registrationId)) {
      slot.mailbox = slot.mailbox.filter((entry) => entry !== original)
      discarded.push({ registration, sequence: original.sequence })
      history.note(original.sequence, 'discarded', at.nowWallMs)
    }
    if (!isLive(registration, at.heardMs ?? at.nowMs)) continue
    if (!hasRoom(slot, event.payload.byteLength, bounds)) full.push(registration)
    else accepted.push(append(slots, slot, event, at))
  }
  if (record !== undefined && accepted.length + full.length > 0)
    history.addAppended({ ...record, acceptedAtWallMs: at.nowWallMs }, { accepted, full })
  if (others === 0) return undefined
  const to = accepted.map(({ registration }) => registration)
  return { accepted: to, full, discarded, durable: Promise.resolve() }
}

function append(
  slots: Slots,
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
  return { registration: slot.registration, sequence, follows }
}

/** Twice the bounds, so that one that is full of calls still learns that they are over. */
function hasRoom({ mailbox }: Slot, payloadBytes: number, { eventsMax, bytesMax }: MailboxBounds): boolean {
  const bytes = mailbox.reduce((sum, entry) => sum + entry.payload.byteLength, 0)
  return mailbox.length < 2 * eventsMax && bytes + payloadBytes <= 2 * bytesMax
}
