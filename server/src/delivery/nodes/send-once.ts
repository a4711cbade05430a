import type { Cluster } from '../../cluster/cluster.ts'
import type { Sealer } from '../../masks/masks.ts'
import type { RegistrationKey } from '../../store/store.ts'
import { toKey } from '../../store/store.ts'
import type { Accepted } from '../accept.ts'
import { sealContext } from '../scopes.ts'
import { sendMessage } from './messages.ts'

type SendOnceContext = {
  readonly others: Pick<Cluster, 'router'> | undefined
  readonly sealer: Pick<Sealer, 'seal'>
  readonly newId: () => string
}

/** A QoS 0 event to a link of another process: one message, and nothing comes of it. A masked one is sealed on its way. */
export function sendOnceElsewhere(
  { others, sealer, newId }: SendOnceContext,
  registration: RegistrationKey,
  { linkId, node }: { readonly linkId: number; readonly node: string },
  { bytes, eventId, isMasked, to }: Accepted,
): void {
  if (others === undefined) return
  const payload = isMasked ? sealer.seal(bytes, sealContext(to, eventId)) : bytes
  sendMessage(others.router, node, {
    kind: 'sent_once',
    registration: toKey(registration),
    linkId,
    messageId: newId(),
    eventId,
    sealed: isMasked,
    payload,
  })
}
