import type { LinkStore } from '../../store.ts'
import { assertOpen } from '../gate.ts'
import type { MailboxParts } from '../mailboxes/parts.ts'

export function memoryLinks({ slots, links, feed, gate, now }: MailboxParts): LinkStore {
  return {
    async attach({ registrationId }, link) {
      assertOpen(gate)
      const slot = slots.byId.get(registrationId)
      if (slot === undefined) return false
      const former = links.attach(registrationId, link, slot)
      const { nowWallMs } = now()
      if (former !== undefined) feed.disconnected(former.subject.registration, 'taken_over', nowWallMs)
      feed.connected(slot.registration, nowWallMs)
      return true
    },
    async detach({ registrationId }, link, reason) {
      assertOpen(gate)
      const held = links.detach(registrationId, link)
      if (held !== undefined) feed.disconnected(held.subject.registration, reason, now().nowWallMs)
    },
  }
}
