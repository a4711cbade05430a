import type { Store } from '../store.ts'
import { memoryErasure } from './erasure.ts'
import { assertOpen } from './gate.ts'
import { memoryCalls } from './mailboxes/calls.ts'
import { memoryMailboxes } from './mailboxes/mailboxes.ts'
import type { MailboxParts } from './mailboxes/parts.ts'
import { memoryLinks } from './registrations/links.ts'
import type { Neighbours } from './registrations/neighbours.ts'
import { memoryRegistrations, type RegistrationParts } from './registrations/registrations.ts'
import { sweep } from './sweep.ts'

/** What all processes have of a store together. */
export type SharedParts = Omit<MailboxParts, 'neighbours'> &
  Pick<RegistrationParts, 'record'> & {
    /** A slot goes with its mailbox. */
    readonly forget: RegistrationParts['end']
  }

/** The operations that differ from process to process: their links are known by it, and others' are told. */
export function memoryView(
  parts: SharedParts,
  neighbours: Neighbours,
): Pick<Store, 'registrations' | 'links' | 'mailboxes' | 'calls' | 'erasure' | 'sweep'> {
  const end: RegistrationParts['end'] = (slot, reason, at) => {
    const isExpired = reason === 'registration_expired' || reason === 'registered_anew'
    neighbours.registrationOver(slot, isExpired ? 'expired' : 'unregistered')
    parts.forget(slot, reason, at)
  }
  const registrations = { ...parts, neighbours, end }
  const mailboxes = { ...parts, neighbours }
  return {
    registrations: memoryRegistrations(registrations),
    links: memoryLinks(mailboxes),
    mailboxes: memoryMailboxes(mailboxes),
    calls: memoryCalls(mailboxes),
    erasure: memoryErasure(mailboxes, (slot) => end(slot, 'erased', parts.now())),
    async sweep(max) {
      assertOpen(parts.gate)
      return sweep(registrations, mailboxes, max)
    },
  }
}
