import { RollcallError } from '@rollcall/protocol/error-code'
import type { LinkStore } from '../../store.ts'
import { assertOpen } from '../gate.ts'
import type { MailboxParts } from '../mailboxes/parts.ts'

export function memoryLinks({ slots, links, neighbours, feed, gate, now }: MailboxParts): LinkStore {
  return {
    async attach({ registrationId }, link) {
      assertOpen(gate)
      const slot = slots.byId.get(registrationId)
      if (slot === undefined) return false
      if (neighbours.isBuried) throw new RollcallError('unavailable', 'This process was taken for dead.')
      const former = links.attach(registrationId, neighbours.own(link), slot)
      neighbours.tell(former?.link, slot.registration, { kind: 'taken_over' })
      const { nowWallMs } = now()
      if (former !== undefined) feed.disconnected(former.subject.registration, 'taken_over', nowWallMs)
      feed.connected(slot.registration, nowWallMs)
      return true
    },
    async detach({ registrationId }, link, reason) {
      assertOpen(gate)
      const held = links.detach(registrationId, neighbours.name(link))
      if (held !== undefined) feed.disconnected(held.subject.registration, reason, now().nowWallMs)
    },
  }
}
