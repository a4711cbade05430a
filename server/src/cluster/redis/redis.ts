import type { Clock } from '../../clock/clock.ts'
import {
  type Cluster,
  Membership,
  type NodeTable,
  RequestsOverRouter,
  type SeenNode,
  Told,
} from '../cluster.ts'
import { type Carrier, RedisRouter } from './redis-router.ts'

export type RedisClusterOptions = {
  /** What people call this node: one each. */
  readonly name: string
  readonly table: NodeTable
  readonly carrier: Carrier
  readonly clock: Clock
  /** Makes what no other process ever had. */
  readonly newId: () => string
  readonly log: {
    info(line: string, details: Readonly<Record<string, string>>): void
    warn(line: string, details: Readonly<Record<string, string>>): void
  }
  /** Told of what became of a node. Default: nobody is told. */
  readonly onHappened?: (kind: NodeHappening, node: string) => void
  /** Told of what everybody should hear of once, by one of the nodes: each of its own coming, and one of a death. Default: nobody is told. */
  readonly onRecorded?: (kind: 'node_came' | 'node_gone', node: string) => void
  /** It came back after its burial, and another has its place by now: whoever is told ends the process. */
  readonly onReplaced: (error: Error) => void
}

/** What may become of a node: `node_left` in good order, `node_gone` without. */
export type NodeHappening = 'node_came' | 'node_left' | 'node_silent' | 'node_gone'

export type RedisCluster = {
  readonly cluster: Cluster
  /** Which nodes are there, this one included, as it knows. */
  alive(): readonly string[]
  /** All that the table had lately, the dead included. */
  seen(): readonly SeenNode[]
  /**
   * Comes in.
   *
   * @param putAway takes out of the store what it has of a dead node
   * @throws SetupError where another node has its name
   */
  start(putAway: (node: string) => Promise<void>): Promise<void>
  /** Leaves, and leaves nothing behind. Idempotent. */
  close(): Promise<void>
}

/** The nodes that have one Redis: who is there stands in it, and their messages go through it. */
export function createRedisCluster(options: RedisClusterOptions): RedisCluster {
  const { name, table, carrier, clock, newId, log, onReplaced, onHappened, onRecorded } = options
  let putAway: (node: string) => Promise<void> = async () => undefined
  let hasStarted = false
  const happened = onHappened ?? (() => undefined)
  const nodes: Membership = new Membership({
    clock,
    newIncarnation: () => `${name}/${newId()}`,
    table: {
      async join(node) {
        try {
          return await table.join(node)
        } catch (error) {
          if (hasStarted && isTaken(error)) onReplaced(error)
          throw error
        }
      },
      beat: (node) => table.beat(node),
      bury: (node) => table.bury(node),
      remove: (node) => table.remove(node),
    },
    async putAway(node) {
      await putAway(node)
      log.warn('a node is gone, and its links with it', { node })
      happened('node_gone', node)
    },
    onRemoved: (node) => onRecorded?.('node_gone', node),
    onChange(alive, before) {
      for (const node of alive.filter((one) => !before.includes(one))) {
        log.info('a node is there', { node })
        // Those that were there before this one did not come now.
        if (before.length > 0 || node === nodes.self) happened('node_came', node)
        if (node === nodes.self) onRecorded?.('node_came', node)
      }
      const listed = new Set(nodes.seen().map((one) => one.node))
      for (const node of before.filter((one) => !alive.includes(one))) {
        log.warn('a node is silent', { node })
        happened(listed.has(node) ? 'node_silent' : 'node_left', node)
      }
    },
  })
  const router = new RedisRouter(carrier, () => nodes.self)
  nodes.onReturn(async () => {
    log.warn('this node had been taken for dead, and is there again: its links are closed', {
      node: nodes.self,
    })
    await router.listen()
  })
  let closing: Promise<void> | undefined
  return {
    cluster: { told: new Told(), nodes, router, requests: new RequestsOverRouter({ router, nodes, clock }) },
    alive: () => nodes.alive,
    seen: () => nodes.seen(),
    async start(given) {
      putAway = given
      await router.listen()
      await nodes.start()
      hasStarted = true
    },
    close() {
      closing ??= leave(nodes, putAway).finally(() => router.close())
      return closing
    },
  }
}

/** What is left of it where a link could not let go is taken out as that of a dead one is. */
async function leave(nodes: Membership, putAway: (node: string) => Promise<void>): Promise<void> {
  await putAway(nodes.self).catch(() => undefined)
  await nodes.close()
}

function isTaken(error: unknown): error is Error {
  return error instanceof Error && error.name === 'NameTakenError'
}
