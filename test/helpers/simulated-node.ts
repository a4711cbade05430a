import type { Clock } from '../../server/src/clock/clock.ts'
import {
  type Cluster,
  Membership,
  type NodeTable,
  RequestsOverRouter,
  Told,
} from '../../server/src/cluster/cluster.ts'
import { ProcessClock } from './process-clock.ts'
import type { SimulatedNetwork } from './simulated-network.ts'

export type SimulatedNodeOptions = {
  readonly name: string
  readonly clock: Clock
  /** How far its wall clock is off. Default: not at all. */
  readonly wallOffsetMs?: number
  readonly network: SimulatedNetwork
  readonly table: NodeTable
  /** Default: there is nothing to put away. */
  readonly putAway?: (node: string) => Promise<void>
}

/** One process among several, which can stand still and die. */
export class SimulatedNode {
  readonly clock: ProcessClock
  readonly cluster: Cluster
  readonly membership: Membership

  constructor({ name, clock, wallOffsetMs = 0, network, table, putAway }: SimulatedNodeOptions) {
    this.clock = new ProcessClock(clock, wallOffsetMs)
    const { clock: own } = this
    let incarnations = 0
    this.membership = new Membership({
      clock: own,
      newIncarnation: () => `${name}:${++incarnations}`,
      table: {
        join: (node) => own.hear(table.join(node)),
        beat: (node) => own.hear(table.beat(node)),
        bury: (node) => own.hear(table.bury(node)),
        remove: (node) => own.hear(table.remove(node)),
      },
      putAway: putAway ?? (async () => undefined),
    })
    const nodes = this.membership
    const router = network.router({ self: () => nodes.self, enter: (run) => own.enter(run) })
    this.cluster = {
      told: new Told(),
      nodes,
      router,
      requests: new RequestsOverRouter({ router, nodes, clock: own }),
    }
  }
}
