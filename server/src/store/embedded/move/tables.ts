import type { ItemKind } from '../../move/items.ts'
import type { Table } from '../rows.ts'

/**
 * In which items what is in a table goes to another store, or why none has to. Of every table: one that is not entered here
 * does not compile, and what is in it cannot be forgotten.
 */
export const MOVED_TABLES = {
  meta: 'what the store itself is: a target begins its own; the directory’s revision is an item',
  registrations: ['registration'],
  liveness: ['registration'],
  mailbox: ['entry'],
  payloads: ['entry'],
  terms: ['entry'],
  races: ['race'],
  calls: ['call'],
  cancels: ['call'],
  answers: ['reply'],
  families: ['refreshFamily'],
  revoked: ['revokedToken'],
  revokedUsers: ['revokedUser'],
  lastSeen: ['lastSeen'],
  signing: ['signingKey'],
  feed: ['feedEntry'],
  webhooks: ['webhook'],
  deadLetters: ['deadLetter'],
  links: ['link'],
  history: ['record'],
  historyIndex: 'made anew from the records',
  outcomes: ['record'],
  eventAnswers: ['record'],
  historyOwners: 'made anew from the records',
  historyShares: 'says which records are not seen any more: those are no items',
  directory: ['directoryEntry'],
  audit: ['auditLine'],
  charts: ['chart'],
} as const satisfies { readonly [table in Table]: readonly ItemKind[] | string }
