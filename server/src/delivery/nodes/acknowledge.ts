import type { Cluster } from '../../cluster/cluster.ts'
import type { EndpointKey, RegistrationKey, Sighting } from '../../store/store.ts'
import { toKey } from '../../store/store.ts'
import type { Links } from '../links/links.ts'

/** How long another process has to say how many events it took over, milliseconds: whoever acknowledges tries again. */
const WITHIN_MS = 2_000

/** Events that came over a link and are acknowledged by another way, at whatever process. By what that link calls them. */
type Acknowledgement = {
  readonly registration: RegistrationKey
  readonly linkId: number
  readonly ids: readonly string[]
}

/** Acknowledges over the endpoint's link here. `undefined`: it has none here. */
export function acknowledgeHere(
  links: Links,
  endpoint: EndpointKey,
  ids: readonly string[],
): number | undefined {
  const outbox = links.findByEndpoint(endpoint)
  return outbox && (outbox.link.acknowledge?.(ids) ?? 0)
}

/** Does so for other processes, which ask once each, however often that comes. */
export function acknowledgeForOthers({ requests }: Pick<Cluster, 'requests'>, links: Links): void {
  requests.answer('acknowledge', (question) => {
    const { registration, linkId, ids } = JSON.parse(Buffer.from(question).toString()) as Acknowledgement
    const outbox = links.find(registration)
    // A link that is not there any more took nothing over: all of it comes again over the one that has its place.
    const count = outbox?.linkId === linkId ? (outbox.link.acknowledge?.(ids) ?? 0) : 0
    return Buffer.from(JSON.stringify(count))
  })
}

/** Has the process that has the endpoint's link do it. @throws RollcallError `unavailable` where it does not answer */
export async function acknowledgeElsewhere(
  { requests }: Pick<Cluster, 'requests'>,
  { registration, link }: Sighting<'link'>,
  ids: readonly string[],
): Promise<number> {
  if (link?.node === undefined) return 0
  const asked: Acknowledgement = { registration: toKey(registration), linkId: link.linkId, ids }
  const question = Buffer.from(JSON.stringify(asked))
  return Number(Buffer.from(await requests.ask(link.node, 'acknowledge', question, WITHIN_MS)).toString())
}
