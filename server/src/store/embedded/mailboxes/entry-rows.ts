import assert from 'node:assert/strict'
import type { StoredEvent } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import { mailboxKey } from '../keys.ts'
import type { Rows } from '../rows.ts'
import { decodeEntry, SHARED_ENTRY } from './mailbox-row.ts'
import type { PayloadBook } from './payload-book.ts'

/** An entry of a mailbox, as its key has it. */
export type EntryKey = {
  readonly registrationId: number
  readonly sequence: number
  readonly payloadBytes: number
}

/** The event of an entry as it was committed; `undefined`: it is not on disk. */
export function readEntry(
  { payloads, rows }: { readonly payloads: PayloadBook; readonly rows: Rows },
  { registrationId, sequence, payloadBytes }: EntryKey,
): StoredEvent | undefined {
  const shared = payloads.keyOf(sequence)
  const row =
    shared === undefined
      ? rows.get('mailbox', mailboxKey(registrationId, sequence, payloadBytes))
      : rows.get('payloads', shared)
  assert(row?.length !== SHARED_ENTRY.length, 'a mailbox entry has lost what it shares')
  return row && decodeEntry(row)
}

/** Removes an entry from disk, and with the last of those that share a payload that too. */
export function dropEntry(
  { journal, payloads }: { readonly journal: Journal; readonly payloads: PayloadBook },
  { registrationId, sequence, payloadBytes }: EntryKey,
): void {
  journal.remove('mailbox', mailboxKey(registrationId, sequence, payloadBytes))
  const unneeded = payloads.release(sequence)
  if (unneeded !== undefined) journal.remove('payloads', unneeded)
}
