import assert from 'node:assert/strict'
import type { Claimed, HeldEntry, LinkHandle, MailboxEntry, RegistrationKey } from '../../store.ts'
import { type Engine, momentOf } from '../engine.ts'
import type { RegistrationRecord } from '../registrations/record.ts'
import { tellEnd, waiting } from './end.ts'
import { takeEntry } from './entries.ts'
import { readEntry } from './entry-rows.ts'
import { tagOf } from './mailbox.ts'

type WaitingMailbox = NonNullable<RegistrationRecord['mailbox']>

/** Hands a link what comes next in the mailbox that it holds. */
export async function takePage(
  engine: Engine,
  registration: RegistrationKey,
  link: LinkHandle,
  afterSequence: number,
  entriesMax: number,
  bytesMax: number,
): Promise<readonly MailboxEntry[]> {
  const { journal, links, table } = engine
  journal.assertReadable()
  const newestCommit = table.lookUp(registration)?.mailbox?.newestCommit ?? 0
  if (!journal.isDurable(newestCommit)) await journal.durable()
  journal.assertReadable()
  const record = table.lookUp(registration)
  const mailbox = record?.mailbox
  if (mailbox === undefined || !links.isHeldBy(registration.registrationId, link)) return []
  const entries: MailboxEntry[] = []
  for (const { sequence, size } of mailbox.after(afterSequence, entriesMax, bytesMax)) {
    const entry = entryAt(engine, registration, mailbox, sequence, size)
    if (entry === undefined) break
    entries.push(entry)
  }
  return entries
}

/** `undefined`: it is not on disk yet. */
function entryAt(
  engine: Engine,
  registration: RegistrationKey,
  mailbox: WaitingMailbox,
  sequence: number,
  payloadBytes: number,
): MailboxEntry | undefined {
  const { registrationId } = registration
  const event = readEntry(engine, { registrationId, sequence, payloadBytes })
  if (event === undefined) {
    // Appended while this waited. Anything else must never happen.
    assert(!engine.journal.isDurable(mailbox.newestCommit), 'a mailbox entry has no row')
    return undefined
  }
  mailbox.learnTag(sequence, tagOf(event.eventId))
  const term = mailbox.termOf(sequence)
  const entry = { sequence, ...event }
  if (term === undefined)
    return engine.calls.hasEntry(registration, sequence, engine.clock.wallMs())
      ? { ...entry, mustBeClaimed: true }
      : entry
  const { expiresAtWallMs } = term
  const hasEnd = expiresAtWallMs !== Number.POSITIVE_INFINITY
  return { ...entry, ...(hasEnd ? { expiresAtWallMs } : {}), mustBeClaimed: true }
}

/** A link is about to send this. */
export function claim(engine: Engine, entry: HeldEntry, link: LinkHandle): Claimed {
  const { registrationId } = entry.registration
  const record = waiting(engine, entry)
  if (record === undefined || !engine.links.isHeldBy(registrationId, link)) return 'gone'
  const at = momentOf(engine)
  const expiresAtWallMs = record.mailbox?.termOf(entry.sequence)?.expiresAtWallMs ?? Number.POSITIVE_INFINITY
  if (at.nowWallMs < expiresAtWallMs) {
    engine.links.claim(registrationId, entry.sequence)
    return 'in_flight'
  }
  takeEntry(engine, record, entry.sequence)
  tellEnd(engine, record, entry, 'expired', at)
  return 'expired'
}
