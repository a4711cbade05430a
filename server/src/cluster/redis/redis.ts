import type { Clock } from '../../clock/clock.ts'
import { type Cluster, Membership, type NodeTable, RequestsOverRouter, Told } from '../cluster.ts'
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
  /** It came back after its burial, and another has its place by now: whoever is told ends the process. */
  readonly onReplaced: (error: Error) => void
}

export type RedisCluster = {
  readonly cluster: Cluster
  /** Which nodes are there, this one included, as it knows. */
  alive(): readonly string[]
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
  const { name, table, carrier, clock, newId, log, onReplaced } = options
  let putAway: (node: string) => Promise<void> = async () => undefined
  let hasStarted = false
  const nodes = new Membership({
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
    },
    onChange(alive, before) {
      for (const node of alive) if (!before.includes(node)) log.info('a node is there', { node })
      for (const node of before) if (!alive.includes(node)) log.warn('a node is silent', { node })
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
