import {
  type AppendOutcome,
  type AppendRequest,
  type EntryPosition,
  type MailboxEntry,
  type MailboxStore,
  type RegistrationKey,
  toKey,
} from '../../store.ts'
import { assertOpen } from '../gate.ts'
import type { Neighbours } from '../registrations/neighbours.ts'
import { type Links, type Race, reached, type Slot, type WaitingEntry } from '../registrations/slots.ts'
import { endAll, endOne, waitingEntry } from './end.ts'
import type { MailboxParts } from './parts.ts'

export function memoryMailboxes(parts: MailboxParts): MailboxStore {
  const { slots, replies, calls, history, links, neighbours, gate, now } = parts
  const entriesOf = (registration: RegistrationKey) =>
    slots.byId.get(registration.registrationId)?.mailbox ?? []
  return {
    async append(request) {
      assertOpen(gate)
      const repeated = request.idempotency && replies.tokens.done(request.idempotency.token)
      if (repeated !== undefined) return { accepted: [], full: [], repeated }
      // Nothing waits here.
      const targets = reached(slots, request, now().heardMs)
      const bytes = targets.length * request.event.payload.byteLength
      request.admit?.({ bytes, endpoints: targets.length, waitingBytes: 0 })?.()
      const outcome = append(parts, targets, request)
      const count = outcome.accepted.length
      const isAccepted = count > 0 || outcome.full.length === 0
      if (request.idempotency !== undefined && isAccepted)
        replies.appended(request.idempotency, { eventId: request.event.eventId, count })
      for (const { sequence } of outcome.replaced ?? []) {
        calls.dropEntry(sequence)
        history.note(sequence, 'discarded', request.event.acceptedAtWallMs, 'collapsed')
      }
      const recordId =
        request.record !== undefined && isAccepted ? history.addAppended(request.record, outcome) : 0
      if (request.call !== undefined && count > 0)
        calls.begin(request, request.call, recordId, outcome.accepted, awaitedAt(neighbours, request))
      return outcome
    },
    async take(registration, link, afterSequence, entriesMax, bytesMax) {
      assertOpen(gate)
      if (!links.isHeldBy(registration.registrationId, neighbours.name(link))) return []
      const entries = entriesOf(registration).filter((entry) => entry.sequence > afterSequence)
      return withinBytes(entries.slice(0, entriesMax), bytesMax).map((entry) =>
        toEntry(entry, calls.hasEntry(entry.sequence, now().nowWallMs)),
      )
    },
    async claim(held, link) {
      assertOpen(gate)
      const { registrationId } = held.registration
      const found = waitingEntry(parts, held)
      if (found === undefined || !links.isHeldBy(registrationId, neighbours.name(link))) return 'gone'
      const at = now()
      if (at.nowWallMs < (found.entry.expiresAtWallMs ?? Number.POSITIVE_INFINITY)) {
        links.claim(registrationId, held.sequence)
        return 'in_flight'
      }
      endOne(parts, found.slot, found.entry, 'expired', at)
      return 'expired'
    },
    async end(entries, how, bounds, reason) {
      assertOpen(gate)
      return endAll(parts, entries, how, bounds, reason)
    },
  }
}

function append(parts: MailboxParts, targets: readonly Slot[], request: AppendRequest): AppendOutcome {
  const { slots, links, neighbours } = parts
  const accepted: AppendOutcome['accepted'][number][] = []
  const full: RegistrationKey[] = []
  const replaced: EntryPosition[] = []
  const race = request.cancelOthers && { cancel: request.cancelOthers, isOver: false, entries: 0 }
  for (const slot of targets) {
    const old = replaceable(slot, links, request)
    const kept = slot.mailbox.filter((entry) => !old.includes(entry))
    const registration = toKey(slot.registration)
    if (!hasRoom(kept, request)) {
      full.push(registration)
      continue
    }
    replaced.push(...old.map(({ sequence }) => ({ registration, sequence })))
    for (const entry of old) neighbours.entryOver(slot, entry, false)
    const sequence = slots.nextSequence++
    if (race !== undefined) race.entries++
    slot.mailbox = [...kept, waiting(request, sequence, race, awaitedAt(neighbours, request))]
    const follows = kept.at(-1)?.sequence ?? 0
    neighbours.tellHolder(registration, { kind: 'appended', ...added(request), sequence, follows })
    const isElsewhere = neighbours.isElsewhere(registration)
    accepted.push({
      ...{ registration, sequence, follows },
      ...(isElsewhere ? { isElsewhere } : {}),
      ...(slot.registration.wakeUp === undefined ? {} : { canBeWoken: true }),
    })
  }
  return { accepted, full, ...(replaced.length === 0 ? {} : { replaced }) }
}

/** Where somebody waits to hear of it. */
function awaitedAt({ self }: Neighbours, { isAwaited }: AppendRequest): string | undefined {
  return isAwaited ? self : undefined
}

/** What a link needs to know of an event to send it without asking. */
function added({ event, collapseKey, cancelOthers, call }: AppendRequest) {
  const { eventId, payload, sealed, expiresAtWallMs } = event
  const isTermed = expiresAtWallMs !== undefined || collapseKey !== undefined
  const mustBeClaimed = isTermed || cancelOthers !== undefined || call !== undefined
  return { eventId, payload, sealed, mustBeClaimed }
}

/** Unsent entries of the same collapse key. */
function replaceable(slot: Slot, links: Links, { collapseKey }: AppendRequest): readonly WaitingEntry[] {
  if (collapseKey === undefined) return []
  const { registrationId } = slot.registration
  const isUnsent = ({ sequence }: WaitingEntry) => !links.isInFlight(registrationId, sequence)
  return slot.mailbox.filter((entry) => entry.collapseKey === collapseKey && isUnsent(entry))
}

function waiting(
  request: AppendRequest,
  sequence: number,
  race: Race | undefined,
  awaitedAt: string | undefined,
): WaitingEntry {
  const { event, collapseKey } = request
  return {
    ...event,
    sequence,
    collapseKey,
    race,
    awaitedAt,
    dueAtWallMs: event.expiresAtWallMs ?? Number.POSITIVE_INFINITY,
  }
}

function toEntry(
  { collapseKey, race, awaitedAt: _, dueAtWallMs, ...entry }: WaitingEntry,
  isCalled: boolean,
): MailboxEntry {
  const isTermed =
    entry.expiresAtWallMs !== undefined || collapseKey !== undefined || (race?.entries ?? 0) > 1
  return isTermed || isCalled ? { ...entry, mustBeClaimed: true } : entry
}

function hasRoom(mailbox: readonly MailboxEntry[], { event, eventsMax, bytesMax }: AppendRequest): boolean {
  return mailbox.length < eventsMax && bytesOf(mailbox) + event.payload.byteLength <= bytesMax
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
