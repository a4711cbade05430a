import assert from 'node:assert/strict'
import type {
  AppendOutcome,
  AppendRequest,
  MailboxEntry,
  MailboxStore,
  Registration,
  UserKey,
} from '../store.ts'
import type { AnswerBook } from './answers.ts'
import type { Engine } from './engine.ts'
import { mailboxKey } from './keys.ts'
import { decodeEntry, encodeEntry } from './mailbox-row.ts'
import { type RegistrationRecord, toRegistration } from './record.ts'

export function lmdbMailboxes(engine: Engine, answers: AnswerBook): MailboxStore {
  const { journal, table } = engine
  return {
    async append(request, nowMs) {
      journal.assertWritable()
      const outcome = append(engine, targets(engine, request, nowMs), request)
      const count = outcome.accepted.length
      const isRemembered = request.idempotency !== undefined && (count > 0 || outcome.full.length === 0)
      if (isRemembered) answers.remember(request.idempotency, { eventId: request.event.eventId, count })
      if (isRemembered || count > 0) await journal.durable()
      return outcome
    },
    read: (registration, afterSequence, entriesMax, bytesMax) =>
      read(engine, registration, afterSequence, entriesMax, bytesMax),
    remove(registration, sequence) {
      const record = table.lookUp(registration)
      const payloadBytes = record && table.removeEntry(record, sequence)
      if (payloadBytes !== undefined && journal.isOpen)
        journal.remove('mailbox', mailboxKey(registration.registrationId, sequence, payloadBytes))
    },
    depth: (registration) => table.lookUp(registration)?.mailbox?.depth ?? 0,
  }
}

function targets(
  { table }: Engine,
  { organizationId, userId, userEndpointId }: UserKey & { readonly userEndpointId?: string },
  nowMs: number,
): readonly RegistrationRecord[] {
  if (userEndpointId === undefined) return table.listLive({ organizationId, userId }, nowMs)
  const record = table.findLive({ organizationId, userId, userEndpointId }, nowMs)
  return record === undefined ? [] : [record]
}

function append(
  { ids, journal, table }: Engine,
  targets: readonly RegistrationRecord[],
  { event, eventsMax, bytesMax }: AppendRequest,
): AppendOutcome {
  const accepted: AppendOutcome['accepted'][number][] = []
  const full: Registration[] = []
  const size = event.payload.byteLength
  let row: Buffer | undefined
  for (const record of targets) {
    const hasRoom = record.mailbox?.hasRoom(size, eventsMax, bytesMax) ?? (eventsMax > 0 && size <= bytesMax)
    if (!hasRoom) {
      full.push(toRegistration(record))
      continue
    }
    const sequence = ids.nextSequence++
    const follows = record.mailbox?.newest ?? 0
    row ??= encodeEntry(event)
    journal.put('mailbox', mailboxKey(record.registrationId, sequence, size), row)
    table.append(record, sequence, size).newestBatch = journal.batchNumber
    accepted.push({ registration: toRegistration(record), sequence, follows })
  }
  return { accepted, full }
}

async function read(
  { journal, rows, table }: Engine,
  registration: Registration,
  afterSequence: number,
  entriesMax: number,
  bytesMax: number,
): Promise<readonly MailboxEntry[]> {
  journal.assertReadable()
  const newestBatch = table.lookUp(registration)?.mailbox?.newestBatch ?? 0
  if (!journal.isDurable(newestBatch)) await journal.durable()
  journal.assertReadable()
  const mailbox = table.lookUp(registration)?.mailbox
  if (mailbox === undefined) return []
  const entries: MailboxEntry[] = []
  for (const { sequence, size } of mailbox.after(afterSequence, entriesMax, bytesMax)) {
    const row = rows.get('mailbox', mailboxKey(registration.registrationId, sequence, size))
    if (row === undefined) {
      // Appended while this waited, and not on disk yet. Anything else must never happen.
      assert(!journal.isDurable(mailbox.newestBatch), 'a mailbox entry has no row')
      break
    }
    entries.push({ sequence, ...decodeEntry(row) })
  }
  return entries
}
