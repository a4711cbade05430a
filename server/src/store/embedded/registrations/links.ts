import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type { LinkStore } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { tellConnected, tellDisconnected } from '../feed/link-changes.ts'
import type { RegistrationRecord } from './record.ts'

export function embeddedLinks(engine: Engine): LinkStore {
  const { clock, feed, journal, links, table } = engine
  return {
    async attach(registration, link) {
      journal.assertOpen()
      const record = table.lookUp(registration)
      if (record === undefined) return false
      const former = links.attach(record.registrationId, link, record)
      if (former !== undefined) tellGone(engine, former.subject, 'taken_over')
      tellConnected(feed, record, clock.wallMs())
      return true
    },
    async detach({ registrationId }, link, reason) {
      journal.assertOpen()
      const held = links.detach(registrationId, link)
      if (held !== undefined) tellGone(engine, held.subject, reason)
    },
  }
}

function tellGone({ clock, feed }: Engine, record: RegistrationRecord, reason: DisconnectReason): void {
  tellDisconnected(feed, record, reason, clock.wallMs())
}
