import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { MemoryNodeTable } from '../../../../test/helpers/simulated-network.ts'
import { createRedisCluster } from './redis.ts'

/** What the table in Redis throws: `store/redis/nodes/`. */
class NameTakenError extends Error {
  override name = 'NameTakenError'
}

function openNode() {
  const clock = createFakeClock()
  const inner = new MemoryNodeTable(clock)
  const taken = { isTaken: false }
  const replaced: string[] = []
  const lines: string[] = []
  const say = (line: string) => void lines.push(line)
  const nodes = createRedisCluster({
    ...{ name: 'a', clock, newId: () => 'x', log: { info: say, warn: say } },
    table: {
      async join(node) {
        if (taken.isTaken) throw new NameTakenError('Another process named a is there already.')
        return inner.join(node)
      },
      beat: (node) => inner.beat(node),
      bury: (node) => inner.bury(node),
      remove: (node) => inner.remove(node),
    },
    carrier: { send: () => undefined, listen: async () => () => undefined },
    onReplaced: ({ message }) => void replaced.push(message),
  })
  return { clock, inner, taken, replaced, lines, nodes }
}

it('a process whose name is taken at the start is refused, and ends nobody', async () => {
  const { taken, replaced, nodes } = openNode()
  taken.isTaken = true
  await assert.rejects(
    nodes.start(async () => undefined),
    /named a is there already/,
  )
  assert.deepEqual(replaced, [])
})

it('each process tells once that it came, and of a death one of those who bury it', async () => {
  const clock = createFakeClock()
  const table = new MemoryNodeTable(clock)
  const told: string[] = []
  const open = (name: string) =>
    createRedisCluster({
      ...{ name, clock, newId: () => 'x', table, log: { info: () => undefined, warn: () => undefined } },
      carrier: { send: () => undefined, listen: async () => () => undefined },
      onReplaced: ({ message }) => assert.fail(message),
      onRecorded: (kind, node) => void told.push(`${kind} ${node} by ${name}`),
    })
  const [a, b] = ['a', 'b'].map(open)
  assert(a !== undefined && b !== undefined)
  for (const nodes of [a, b]) await nodes.start(async () => undefined)
  await table.join('c/x')
  await clock.advance(9_000)
  const came = ['node_came a/x by a', 'node_came b/x by b']
  assert.deepEqual(told, came, 'that one is silent is nothing to write down')
  await clock.advance(3_000)
  assert.equal(told.length, 3)
  assert.match(told[2] ?? '', /^node_gone c\/x by [ab]$/)
  await a.close()
  await clock.advance(12_000)
  assert.equal(told.length, 3, 'one that leaves is no death')
  await b.close()
})

it('a process that comes back from its burial, and finds its name taken, is told to end', async () => {
  const { clock, inner, taken, replaced, nodes } = openNode()
  await nodes.start(async () => undefined)
  taken.isTaken = true
  await clock.advance(2_000)
  assert.deepEqual(replaced, [], 'nobody asks for the name of one that is there')
  await inner.bury(nodes.cluster.nodes.self)
  await clock.advance(1_000)
  assert.ok(replaced.length > 0)
  assert.equal(nodes.cluster.nodes.isMember(), false, 'and does nothing more until it has')
  await nodes.close()
})
