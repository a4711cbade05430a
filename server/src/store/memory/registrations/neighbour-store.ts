import type { Leases } from '../../leases.ts'
import { type NeighbourStore, toKey } from '../../store.ts'
import { assertOpen } from '../gate.ts'
import type { MailboxParts } from '../mailboxes/parts.ts'
import { type Nodes, PART } from './neighbours.ts'

export function memoryNeighbours(
  self: () => string,
  nodes: Nodes,
  {
    slots,
    links,
    feed,
    gate,
    now,
    leases,
  }: Pick<MailboxParts, 'slots' | 'links' | 'feed' | 'gate' | 'now'> & {
    readonly leases: Leases
  },
): NeighbourStore {
  return {
    async told() {
      assertOpen(gate)
      return new Map([[PART, nodes.told.get(self()) ?? 0]])
    },
    partOf: () => PART,
    async held() {
      assertOpen(gate)
      return links.ofNode(self()).map(([registrationId, { link, subject }]) => ({
        registration: toKey(subject.registration),
        linkId: link.linkId,
        newestSequence: slots.byId.has(registrationId) ? (subject.mailbox.at(-1)?.sequence ?? 0) : undefined,
      }))
    },
    async bury(node) {
      assertOpen(gate)
      nodes.buried.add(node)
      leases.freeOf(node)
      for (const [registrationId, { link, subject }] of links.ofNode(node)) {
        links.detach(registrationId, link)
        feed.disconnected(subject.registration, 'server_restarted', now().nowWallMs)
      }
    },
  }
}
