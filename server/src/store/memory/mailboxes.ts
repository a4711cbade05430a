import type { AppendOutcome, AppendRequest, MailboxEntry, MailboxStore, Registration } from '../store.ts'
import { type AnswerBook, remember } from './answers.ts'
import { assertOpen, type Gate } from './gate.ts'
import type { History } from './history.ts'
import { findLive, listLive, type Slot, type Slots } from './slots.ts'

export function memoryMailboxes(
  slots: Slots,
  answers: AnswerBook,
  history: History,
  gate: Gate,
): MailboxStore {
  const entriesOf = (registration: Registration) => slots.byId.get(registration.registrationId)?.mailbox ?? []
  return {
    async append(request, nowMs) {
      assertOpen(gate)
      const outcome = append(slots, targets(slots, request, nowMs), request)
      const count = outcome.accepted.length
      const isAccepted = count > 0 || outcome.full.length === 0
      if (request.idempotency !== undefined && isAccepted)
        remember(answers, request.idempotency, { eventId: request.event.eventId, count })
      if (request.record !== undefined && isAccepted) history.addAppended(request.record, outcome)
      return outcome
    },
    async read(registration, afterSequence, entriesMax, bytesMax) {
      assertOpen(gate)
      const entries = entriesOf(registration).filter((entry) => entry.sequence > afterSequence)
      return withinBytes(entries.slice(0, entriesMax), bytesMax)
    },
    remove(registration, sequence) {
      const slot = slots.byId.get(registration.registrationId)
      if (slot === undefined || !gate.open) return
      slot.mailbox = slot.mailbox.filter((entry) => entry.sequence !== sequence)
    },
    depth: (registration) => entriesOf(registration).length,
  }
}

function targets(slots: Slots, request: AppendRequest, nowMs: number): readonly Slot[] {
  const { organizationId, userId, userEndpointId } = request
  if (userEndpointId === undefined) return listLive(slots, request, nowMs)
  const slot = findLive(slots, { organizationId, userId, userEndpointId }, nowMs)
  return slot === undefined ? [] : [slot]
}

function append(slots: Slots, targets: readonly Slot[], request: AppendRequest): AppendOutcome {
  const accepted: AppendOutcome['accepted'][number][] = []
  const full: Registration[] = []
  for (const slot of targets) {
    if (!hasRoom(slot.mailbox, request)) {
      full.push(slot.registration)
      continue
    }
    const sequence = slots.nextSequence++
    const follows = slot.mailbox.at(-1)?.sequence ?? 0
    slot.mailbox.push({ ...request.event, sequence })
    accepted.push({ registration: slot.registration, sequence, follows })
  }
  return { accepted, full }
}

function hasRoom(mailbox: readonly MailboxEntry[], { event, eventsMax, bytesMax }: AppendRequest): boolean {
  return mailbox.length < eventsMax && bytesOf(mailbox) + event.payload.byteLength <= bytesMax
}

function withinBytes(entries: readonly MailboxEntry[], bytesMax: number): readonly MailboxEntry[] {
  const taken: MailboxEntry[] = []
  for (const entry of entries) {
    if (taken.length > 0 && bytesOf(taken) + entry.payload.byteLength > bytesMax) break
    taken.push(entry)
  }
  return taken
}

export function bytesOf(mailbox: readonly MailboxEntry[]): number {
  return mailbox.reduce((bytes, entry) => bytes + entry.payload.byteLength, 0)
}
