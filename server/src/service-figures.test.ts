import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { inTime } from '../../test/helpers/fake-clock.ts'
import { noLimits } from '../../test/helpers/no-limits.ts'
import { openTwo, send } from '../../test/helpers/two-processes.ts'
import { createLocalCluster } from './cluster/local/local.ts'
import { createServiceFigures } from './service-figures.ts'

async function openFigures(t: TestContext) {
  const two = await openTwo(t)
  const figuresAt = ({ cluster, delivery, statistics }: typeof two.here) => {
    const limits = noLimits({ organizationSharePercent: 50, linksMax: 100 })
    const figures = createServiceFigures({ cluster, delivery, statistics, limits })
    return { figures, limits }
  }
  const [here, there] = [figuresAt(two.here), figuresAt(two.there)]
  return {
    ...two,
    figures: here.figures,
    elsewhere: there.figures,
    limits: [here.limits, there.limits] as const,
  }
}

describe('the figures of a service', () => {
  it('are those of all its processes together, whichever is asked', async (t) => {
    const { clock, here, there, register, attach, figures, elsewhere, limits } = await openFigures(t)
    const phone = await attach(here, await register('phone'))
    const tab = await attach(there, await register('tab'))
    await send(here, 'one')
    await send(there, 'two')
    await send(there, 'three', { qos: 0 })
    await clock.advance(50)
    for (const link of [phone, tab]) for (const event of link.taken.splice(0)) event.acknowledged?.()
    await clock.advance(50)
    limits[0].ledger.links.take(['organization/acme', 'caller/acme/alice'], 20)
    limits[1].ledger.links.take(['organization/acme', 'caller/acme/alice'], 3)
    for (const asked of [figures, elsewhere]) {
      const { counts, connected, shares, nodes } = await inTime(clock, asked.read('acme'))
      assert.deepEqual([counts.qos0.events, counts.qos0.sent], [1, 2])
      assert.deepEqual([counts.qos1.events, counts.qos1.copies, counts.qos1.acknowledged], [2, 4, 4])
      assert.equal(connected, 2)
      assert.deepEqual(shares.links, { used: 23, max: 100 })
      assert.deepEqual(nodes, { answered: 2, silent: [] })
      assert.deepEqual(await inTime(clock, asked.connected(['globex', 'acme'])), [0, 2])
    }
    assert.equal((await inTime(clock, figures.read(null))).counts.qos1.events, 2)
    assert.equal((await inTime(clock, figures.read('globex'))).counts.qos1.events, 0)
  })

  it('add up how long things took, bucket by bucket', async (t) => {
    const { clock, here, there, figures } = await openFigures(t)
    for (const { statistics } of [here, there]) {
      statistics.of('acme').delivered(1, 3)
      statistics.of('acme').registrationEnded('expired', 700)
    }
    const { counts } = await inTime(clock, figures.read('acme'))
    const { bounds, qos1 } = counts.deliveryMs
    assert.equal(qos1.length, bounds.length + 1)
    assert.deepEqual([qos1[bounds.indexOf(5)], qos1.reduce((sum, count) => sum + count, 0)], [2, 2])
    assert.equal(counts.expiryLatenessMs.counts[bounds.indexOf(1000)], 2)
    assert.equal(counts.ended.expired, 2)
  })

  it('say which process did not answer, and are there all the same', async (t) => {
    const { clock, here, there, figures } = await openFigures(t)
    for (const { statistics } of [here, there]) statistics.of('acme').event(1)
    there.node.clock.freeze()
    const { counts, nodes } = await inTime(clock, figures.read('acme'))
    assert.equal(counts.qos1.events, 1)
    assert.deepEqual(nodes, { answered: 1, silent: [there.cluster.nodes.self] })
    assert.deepEqual(await inTime(clock, figures.connected(['acme'])), [0])
    await clock.advance(12_000)
    assert.deepEqual((await inTime(clock, figures.read('acme'))).nodes, { answered: 1, silent: [] }, 'buried')
  })

  it('begin with the latest start, so that no part of them begins later', async (t) => {
    const { clock, there, figures } = await openFigures(t)
    assert.equal((await inTime(clock, figures.read(null))).sinceWallMs, 0)
    const { cluster, delivery } = there
    const statistics = { sinceWallMs: 7, read: there.statistics.read.bind(there.statistics) }
    createServiceFigures({ cluster, delivery, statistics, limits: noLimits() })
    assert.equal((await inTime(clock, figures.read(null))).sinceWallMs, 7)
  })

  it('leave out one that counts by other bounds, and say so', async (t) => {
    const { clock, here, there, figures } = await openFigures(t)
    for (const { statistics } of [here, there]) statistics.of('acme').event(1)
    there.cluster.requests.answer('counted', () => {
      const counts = there.statistics.read('acme')
      const deliveryMs = { ...counts.deliveryMs, bounds: [1, 2] }
      return Buffer.from(
        JSON.stringify({ sinceWallMs: 0, connected: 0, counts: { ...counts, deliveryMs }, shares: {} }),
      )
    })
    const { counts, nodes } = await inTime(clock, figures.read('acme'))
    assert.deepEqual([counts.qos1.events, nodes.answered, nodes.silent.length], [1, 1, 1])
  })

  it('of one process are its own', async (t) => {
    const { here, register, attach } = await openTwo(t)
    await attach(here, await register())
    const { delivery, statistics } = here
    const cluster = createLocalCluster('here')
    const figures = createServiceFigures({ cluster, delivery, statistics, limits: noLimits() })
    const { connected, nodes } = await figures.read('acme')
    assert.deepEqual([connected, nodes], [1, { answered: 1, silent: [] }])
  })
})
