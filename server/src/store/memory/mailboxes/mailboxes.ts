import { SPARED_FOR_MS } from '../../bounds.ts'
import type { Moment } from '../../moment.ts'
import type {
  AppendOutcome,
  AppendRequest,
  EntryPosition,
  MailboxEntry,
  MailboxStore,
  RegistrationKey,
} from '../../store.ts'
import type { Feed } from '../feed/feed.ts'
import { assertOpen, type Gate } from '../gate.ts'
import type { History } from '../history/history.ts'
import {
  findLive,
  listLive,
  type Race,
  type Slot,
  type Slots,
  toKey,
  type WaitingEntry,
} from '../registrations/slots.ts'
import type { Calls } from './call-book.ts'
import { cancelTheOthers } from './cancel.ts'
import type { ReplyBook } from './replies.ts'

export type MailboxParts = {
  readonly slots: Slots
  readonly replies: ReplyBook
  readonly calls: Calls
  readonly history: History
  readonly feed: Feed
  readonly gate: Gate
  readonly now: () => Moment
}

export function memoryMailboxes(parts: MailboxParts): MailboxStore {
  const { slots, replies, calls, history, feed, gate, now } = parts
  const entriesOf = (registration: RegistrationKey) =>
    slots.byId.get(registration.registrationId)?.mailbox ?? []
  return {
    async append(request) {
      assertOpen(gate)
      const repeated = request.idempotency && replies.tokens.done(request.idempotency.token)
      if (repeated !== undefined) return { accepted: [], full: [], repeated }
      // Nothing waits here.
      const reached = targets(slots, request, now().heardMs)
      const bytes = reached.length * request.event.payload.byteLength
      request.admit?.({ bytes, endpoints: reached.length, waitingBytes: 0 })?.()
      const outcome = append(slots, reached, request)
      const count = outcome.accepted.length
      const isAccepted = count > 0 || outcome.full.length === 0
      if (request.idempotency !== undefined && isAccepted)
        replies.appended(request.idempotency, { eventId: request.event.eventId, count })
      for (const { sequence } of outcome.replaced ?? []) {
        calls.dropEntry(sequence)
        history.note(sequence, 'discarded', request.event.acceptedAtWallMs)
      }
      const recordId =
        request.record !== undefined && isAccepted ? history.addAppended(request.record, outcome) : 0
      if (request.call !== undefined && count > 0)
        calls.begin(request, request.call, recordId, outcome.accepted)
      return outcome
    },
    async read(registration, afterSequence, entriesMax, bytesMax) {
      assertOpen(gate)
      const entries = entriesOf(registration).filter((entry) => entry.sequence > afterSequence)
      return withinBytes(entries.slice(0, entriesMax), bytesMax).map(toEntry)
    },
    has: (registration, sequence) => entriesOf(registration).some((entry) => entry.sequence === sequence),
    remove(registration, sequence) {
      if (!gate.open || take(slots, registration, sequence) === undefined) return
      calls.dropEntry(sequence)
    },
    acknowledge(registration, sequence, bounds, sentThrough) {
      const at = now()
      const entry = gate.open ? take(slots, registration, sequence) : undefined
      if (entry === undefined) return undefined
      const { race, eventId } = entry
      feed.addReceipt('UserEventAcknowledgedEvent', registration, eventId, at.nowWallMs)
      return race && cancelTheOthers(slots, history, race, bounds, sentThrough, at)
    },
    expireDue(max, sentThrough) {
      if (!gate.open) return []
      const isSpared = ({ registration, sequence }: EntryPosition) =>
        sequence <= sentThrough(registration.registrationId)
      return expireDue(parts, now().nowWallMs, max, isSpared)
    },
    depth: (registration) => entriesOf(registration).length,
  }
}

function targets(slots: Slots, request: AppendRequest, heardMs: number): readonly Slot[] {
  const { organizationId, userId, userEndpointId } = request
  if (userEndpointId === undefined) return listLive(slots, request, heardMs)
  const slot = findLive(slots, { organizationId, userId, userEndpointId }, heardMs)
  return slot === undefined ? [] : [slot]
}

function append(slots: Slots, targets: readonly Slot[], request: AppendRequest): AppendOutcome {
  const accepted: AppendOutcome['accepted'][number][] = []
  const full: RegistrationKey[] = []
  const replaced: EntryPosition[] = []
  const race = request.cancelOthers && { cancel: request.cancelOthers, isOver: false }
  for (const slot of targets) {
    const old = replaceable(slot, request)
    const kept = slot.mailbox.filter((entry) => !old.includes(entry))
    const registration = toKey(slot.registration)
    if (!hasRoom(kept, request)) {
      full.push(registration)
      continue
    }
    replaced.push(...old.map(({ sequence }) => ({ registration, sequence })))
    const sequence = slots.nextSequence++
    slot.mailbox = [...kept, waiting(request, sequence, race)]
    accepted.push({ registration, sequence, follows: kept.at(-1)?.sequence ?? 0 })
  }
  return { accepted, full, ...(replaced.length === 0 ? {} : { replaced }) }
}

/** Unsent entries of the same collapse key. */
function replaceable(slot: Slot, { collapseKey, sentThrough }: AppendRequest): readonly WaitingEntry[] {
  if (collapseKey === undefined) return []
  const sent = sentThrough?.(slot.registration.registrationId) ?? 0
  return slot.mailbox.filter((entry) => entry.collapseKey === collapseKey && entry.sequence > sent)
}

function waiting(request: AppendRequest, sequence: number, race: Race | undefined): WaitingEntry {
  const { event, collapseKey } = request
  return {
    ...event,
    sequence,
    collapseKey,
    race,
    dueAtWallMs: event.expiresAtWallMs ?? Number.POSITIVE_INFINITY,
  }
}

function toEntry({ collapseKey, race, dueAtWallMs, ...entry }: WaitingEntry): MailboxEntry {
  return entry
}

function hasRoom(mailbox: readonly MailboxEntry[], { event, eventsMax, bytesMax }: AppendRequest): boolean {
  return mailbox.length < eventsMax && bytesOf(mailbox) + event.payload.byteLength <= bytesMax
}

export function take(
  slots: Slots,
  registration: RegistrationKey,
  sequence: number,
): WaitingEntry | undefined {
  const slot = slots.byId.get(registration.registrationId)
  const found = slot?.mailbox.find((entry) => entry.sequence === sequence)
  if (slot !== undefined) slot.mailbox = slot.mailbox.filter((entry) => entry !== found)
  return found
}

function expireDue(
  { slots, calls, history, feed }: MailboxParts,
  nowWallMs: number,
  max: number,
  isSpared: (entry: EntryPosition) => boolean,
): readonly EntryPosition[] {
  const all = [...slots.byId.values()].flatMap((slot) => slot.mailbox.map((entry) => ({ slot, entry })))
  const due = all
    .filter(({ entry }) => entry.dueAtWallMs <= nowWallMs)
    .sort((a, b) => a.entry.dueAtWallMs - b.entry.dueAtWallMs || a.entry.sequence - b.entry.sequence)
  const expired: EntryPosition[] = []
  for (const { slot, entry } of due.slice(0, max)) {
    const position = { registration: toKey(slot.registration), sequence: entry.sequence }
    if (isSpared(position)) {
      entry.dueAtWallMs = nowWallMs + SPARED_FOR_MS
      continue
    }
    take(slots, slot.registration, entry.sequence)
    calls.dropEntry(entry.sequence)
    feed.addReceipt('UserEventExpiredEvent', slot.registration, entry.eventId, nowWallMs)
    history.note(entry.sequence, 'expired', nowWallMs)
    expired.push(position)
  }
  return expired
}

function withinBytes<Entry extends MailboxEntry>(
  entries: readonly Entry[],
  bytesMax: number,
): readonly Entry[] {
  const taken: Entry[] = []
  for (const entry of entries) {
    if (taken.length > 0 && bytesOf(taken) + entry.payload.byteLength > bytesMax) break
    taken.push(entry)
  }
  return taken
}

export function bytesOf(mailbox: readonly MailboxEntry[]): number {
  return mailbox.reduce((bytes, entry) => bytes + entry.payload.byteLength, 0)
}
