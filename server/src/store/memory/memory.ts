import { type Clock, startServiceTime } from '../../clock/clock.ts'
import type { Store, StoreTotals } from '../store.ts'
import { type AnswerBook, memoryAnswers } from './answers.ts'
import type { Gate } from './gate.ts'
import { bytesOf, memoryMailboxes } from './mailboxes.ts'
import { memoryRefreshFamilies } from './refresh-families.ts'
import { memoryRegistrations } from './registrations.ts'
import { memoryRevokedTokens } from './revoked-tokens.ts'
import { memorySigningKeys } from './signing-keys.ts'
import { createSlots, type Slots } from './slots.ts'

/**
 * A store that forgets everything with the process, and takes the shortest way to each guarantee instead of
 * the fastest: for tests, and as the oracle that other engines are compared with. Nothing in it ever fails.
 */
export function createMemoryStore({ clock }: { readonly clock: Clock }): Store {
  const gate: Gate = { open: true }
  const slots = createSlots()
  const answers: AnswerBook = new Map()
  return {
    registrations: memoryRegistrations(slots, gate),
    mailboxes: memoryMailboxes(slots, answers, gate),
    answers: memoryAnswers(answers, gate),
    refreshFamilies: memoryRefreshFamilies(gate),
    revokedTokens: memoryRevokedTokens(clock, gate),
    signingKeys: memorySigningKeys(gate),
    serviceTime: startServiceTime(clock, clock.wallMs()),
    failure: () => undefined,
    totals: () => count(slots),
    async close() {
      gate.open = false
    },
  }
}

function count(slots: Slots): StoreTotals {
  const mailboxes = [...slots.byId.values()].map((slot) => slot.mailbox)
  return {
    registrations: slots.byId.size,
    mailboxEvents: mailboxes.reduce((events, mailbox) => events + mailbox.length, 0),
    mailboxBytes: mailboxes.reduce((bytes, mailbox) => bytes + bytesOf(mailbox), 0),
  }
}
