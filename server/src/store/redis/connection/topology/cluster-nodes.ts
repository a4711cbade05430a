import type { Address } from '../wire.ts'
import { nameOf, type Plan } from './plan.ts'

/** One node of a Redis Cluster, as another sees it. */
export type ClusterNode = {
  readonly host: string
  readonly port: number
  readonly isPrimary: boolean
  /** The higher, the newer is what it is said to have. */
  readonly epoch: number
  /** From and to, both included. */
  readonly slots: readonly (readonly [number, number])[]
}

/** What `CLUSTER NODES` answers. `wantsNames`: by name where they have one, as certificates do; `asked`: who answers. */
export function readNodes(text: string, asked: Address, wantsNames: boolean): readonly ClusterNode[] {
  return (
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => readNode(line.trim().split(' '), asked, wantsNames))
      // Of some nobody knows any more where they are.
      .filter(({ port }) => port > 0)
  )
}

function readNode(
  [, where = '', flagText = '', , , , epoch = '0', , ...slots]: readonly string[],
  asked: Address,
  wantsNames: boolean,
): ClusterNode {
  const [ipAndPort = '', name = ''] = where.split(',')
  const at = ipAndPort.split('@')[0] ?? ''
  const ip = at.slice(0, at.lastIndexOf(':'))
  const flags = flagText.split(',')
  return {
    // A node that nobody has met yet does not know its own address.
    host: wantsNames && name !== '' ? name : ip || asked.host,
    port: Number(at.slice(at.lastIndexOf(':') + 1)),
    isPrimary: flags.includes('master'),
    epoch: Number(epoch),
    // What is on its way to or from another stands in brackets, and still is where it was.
    slots: slots.filter((range) => !range.startsWith('[')).map(readRange),
  }
}

function readRange(range: string): readonly [number, number] {
  const [from = '', to = from] = range.split('-')
  return [Number(from), Number(to)]
}

/** Who has what, as several say: of each slot whoever is said to have it since the newest change. */
export function planOf(views: readonly (readonly ClusterNode[])[], model: Address): Plan {
  const addresses = new Map<string, Address>()
  const bySlot: (ClusterNode | undefined)[] = new Array(16_384)
  for (const node of views.flat().filter(({ isPrimary }) => isPrimary))
    for (const [from, to] of node.slots)
      for (let slot = from; slot <= to; slot++)
        if ((bySlot[slot]?.epoch ?? -1) < node.epoch) bySlot[slot] = node
  for (const node of bySlot)
    if (node !== undefined && !addresses.has(nameOf(node))) addresses.set(nameOf(node), at(model, node))
  return {
    primaries: [...addresses.values()],
    ownerOf(slot) {
      const node = bySlot[slot]
      return node === undefined ? undefined : addresses.get(nameOf(node))
    },
  }
}

/** As another is entered. */
export function at({ tls, ...model }: Address, { host, port }: Pick<Address, 'host' | 'port'>): Address {
  return { ...model, host, port, ...(tls === undefined ? {} : { tls: { ...tls, servername: host } }) }
}
