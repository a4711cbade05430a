import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, type FakeClock } from '../../../test/helpers/fake-clock.ts'
import { MemoryNodeTable } from '../../../test/helpers/simulated-network.ts'
import type { Clock } from '../clock/clock.ts'
import { Membership, type NodeTable } from './cluster.ts'

/** A clock whose process can stand still: what falls due meanwhile runs once it goes on. */
function stoppable(clock: FakeClock): Clock & { isStopped: boolean } {
  const runs = (run: () => void) => () => void (own.isStopped || run())
  const own = {
    ...clock,
    isStopped: false,
    every: (periodMs: number, run: () => void) => clock.every(periodMs, runs(run)),
  }
  return own
}

function openNode(clock: FakeClock, table: NodeTable, name: string) {
  const putAway: string[] = []
  const own = stoppable(clock)
  let incarnations = 0
  const node = new Membership({
    table,
    clock: own,
    newIncarnation: () => `${name}:${++incarnations}`,
    putAway: async (dead) => void putAway.push(dead),
  })
  return { node, own, putAway }
}

async function openThree() {
  const clock = createFakeClock()
  const table = new MemoryNodeTable(clock)
  const nodes = ['a', 'b', 'c'].map((name) => openNode(clock, table, name))
  for (const { node } of nodes) await node.start()
  await clock.advance(500)
  const [a, b, c] = nodes
  assert(a !== undefined && b !== undefined && c !== undefined)
  return { clock, table, a, b, c }
}

const PARTITIONS = Array.from({ length: 64 }, (_, partition) => partition)

describe('nodes', () => {
  it('share out what is to be swept, and each partition has one sweeper', async () => {
    const { a, b, c } = await openThree()
    for (const partition of PARTITIONS) {
      const sweepers = [a, b, c].filter(({ node }) => node.sweeps(partition))
      assert.equal(sweepers.length, 1, `partition ${partition}`)
    }
    assert.ok(
      PARTITIONS.some((partition) => a.node.sweeps(partition)),
      'each has some',
    )
  })

  it('agree on who looks after a thing, and know who else is there', async () => {
    const { clock, a, b, c } = await openThree()
    const keepers = new Set<string>()
    for (let thing = 0; thing < 32; thing++) {
      const found = [a, b, c].map(({ node }) => node.keeperOf(`thing ${thing}`))
      assert.equal(new Set(found).size, 1, `thing ${thing}`)
      keepers.add(found[0] ?? '')
    }
    assert.deepEqual([...keepers].toSorted(), ['a:1', 'b:1', 'c:1'])
    assert.deepEqual(a.node.heard().toSorted(), ['b:1', 'c:1'])
    c.own.isStopped = true
    await clock.advance(3_000)
    assert.deepEqual(a.node.heard(), ['b:1'], 'who has grown silent looks after nothing')
    for (let thing = 0; thing < 32; thing++) assert.notEqual(a.node.keeperOf(`thing ${thing}`), 'c:1')
  })

  it('take over what a silent one swept within two seconds, and nothing else changes hands', async () => {
    const { clock, a, b, c } = await openThree()
    const before = PARTITIONS.filter((partition) => a.node.sweeps(partition))
    c.own.isStopped = true
    await clock.advance(2_000)
    for (const partition of PARTITIONS) {
      const sweepers = [a, b].filter(({ node }) => node.sweeps(partition))
      assert.equal(sweepers.length, 1, `partition ${partition}`)
    }
    assert.deepEqual(
      before.filter((partition) => !a.node.sweeps(partition)),
      [],
    )
  })

  it('bury one that was silent for ten seconds, not earlier, and put away what it had', async () => {
    const { clock, a, b, c } = await openThree()
    c.own.isStopped = true
    await clock.advance(9_000)
    assert.deepEqual([...a.putAway, ...b.putAway], [])
    assert.deepEqual((await a.node.others()).toSorted(), ['b:1', 'c:1'])
    await clock.advance(2_000)
    assert.ok([...a.putAway, ...b.putAway].includes('c:1'))
    assert.deepEqual(await a.node.others(), ['b:1'])
  })

  it('do not count on themselves once they stood still, before anybody buries them', async () => {
    const { clock, a, b, c } = await openThree()
    c.own.isStopped = true
    await clock.advance(8_100)
    assert.deepEqual([...a.putAway, ...b.putAway], [], 'nobody is buried yet')
    assert.equal(c.node.isMember(), false)
    c.own.isStopped = false
    await clock.advance(1_000)
    assert.equal(c.node.isMember(), true, 'it was never buried, and goes on')
    assert.equal(c.node.self, 'c:1')
  })

  it('come back from their burial as somebody else, and count only once all have heard of it', async () => {
    const { clock, a, c } = await openThree()
    const heard: boolean[] = []
    c.node.onReturn(() => void heard.push(c.node.isMember()))
    c.own.isStopped = true
    await clock.advance(15_000)
    c.own.isStopped = false
    await clock.advance(1_000)
    assert.deepEqual(heard, [false])
    assert.equal(c.node.self, 'c:2')
    assert.equal(c.node.isMember(), true)
    assert.ok((await a.node.others()).includes('c:2'))
  })

  it('are nobody until what has to be known anew is known, however often that fails', async () => {
    const { clock, c } = await openThree()
    let failures = 2
    c.node.onReturn(() => {
      if (failures-- > 0) throw new Error('the store says no')
    })
    c.own.isStopped = true
    await clock.advance(15_000)
    c.own.isStopped = false
    await clock.advance(600)
    assert.ok(failures < 2, 'it tried')
    assert.equal(c.node.isMember(), false)
    await clock.advance(2_000)
    assert.equal(failures, -1)
    assert.equal(c.node.isMember(), true)
  })

  it('go on burying where one was interrupted at it', async () => {
    const { clock, table, a, b, c } = await openThree()
    await table.bury(c.node.self)
    await clock.advance(600)
    assert.ok([...a.putAway, ...b.putAway].includes('c:1'))
    assert.equal(c.node.self, 'c:2', 'and it came back as another')
  })

  it('look dead to nobody while the table cannot be reached', async () => {
    const clock = createFakeClock()
    const outage = { isOn: false, sinceMs: 0, lostMs: 0 }
    // Its clock stands meanwhile.
    const tableClock = {
      monotonicMs: () => (outage.isOn ? outage.sinceMs : clock.monotonicMs()) - outage.lostMs,
    }
    const inner = new MemoryNodeTable(tableClock)
    const reach = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
      if (outage.isOn) throw new Error('no table')
      return ask()
    }
    const table: NodeTable = {
      join: (node) => reach(() => inner.join(node)),
      beat: (node) => reach(() => inner.beat(node)),
      bury: (node) => reach(() => inner.bury(node)),
      remove: (node) => reach(() => inner.remove(node)),
    }
    const [a, b] = ['a', 'b'].map((name) => openNode(clock, table, name))
    assert(a !== undefined && b !== undefined)
    await a.node.start()
    await b.node.start()
    await clock.advance(1_000)
    Object.assign(outage, { isOn: true, sinceMs: clock.monotonicMs() })
    await clock.advance(60_000)
    assert.equal(a.node.isMember(), false)
    Object.assign(outage, { isOn: false, lostMs: 60_000 })
    await clock.advance(1_000)
    assert.equal(a.node.isMember(), true)
    assert.deepEqual([...a.putAway, ...b.putAway], [])
    assert.equal(b.node.self, 'b:1')
  })
})
