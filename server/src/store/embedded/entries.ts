import type { Engine } from './engine.ts'
import { mailboxKey } from './keys.ts'
import type { RegistrationRecord } from './record.ts'
import { Term, type TermValues } from './term.ts'

/** Adds an entry to a mailbox, which has room for it. `row` is the encoded event. */
export function putEntry(
  { ids, journal, table, terms }: Engine,
  record: RegistrationRecord,
  row: Buffer,
  payloadBytes: number,
  values: TermValues | undefined,
): { readonly sequence: number; readonly follows: number } {
  const sequence = ids.nextSequence++
  const follows = record.mailbox?.newest ?? 0
  journal.put('mailbox', mailboxKey(record.registrationId, sequence, payloadBytes), row)
  const mailbox = table.append(record, sequence, payloadBytes)
  mailbox.newestBatch = journal.batchNumber
  if (values === undefined) return { sequence, follows }
  const term = new Term(record, sequence, payloadBytes, values)
  mailbox.setTerm(term)
  terms.add(term)
  return { sequence, follows }
}

/** Takes an entry out of its mailbox. Returns whether it was there. */
export function takeEntry(
  { journal, table, terms }: Engine,
  record: RegistrationRecord,
  sequence: number,
): boolean {
  const term = record.mailbox?.termOf(sequence)
  const payloadBytes = table.removeEntry(record, sequence)
  if (payloadBytes === undefined || !journal.isOpen) return false
  if (term !== undefined) terms.drop(term)
  journal.remove('mailbox', mailboxKey(record.registrationId, sequence, payloadBytes))
  return true
}
