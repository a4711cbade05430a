import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { readAll } from '../../../../../test/helpers/filled-store.ts'
import { assertMoved, Mover } from '../../../../../test/helpers/moved-store.ts'
import { eventually, RedisCluster } from '../../../../../test/helpers/redis-cluster.ts'
import { RedisSentinels } from '../../../../../test/helpers/redis-sentinels.ts'
import { NO_REDIS } from '../../../../../test/helpers/redis-server.ts'
import { folderHome, redisHome } from '../../../../../test/helpers/store-homes.ts'
import { exportStore } from '../../store.ts'
import { CONTROL, Partitions } from '../connection/partitions.ts'

const clock = createFakeClock()
/** Two on each primary of the cluster, and another number where sentinels watch. */
const PARTITIONS = 6
const OTHER_PARTITIONS = 4
const isUnavailable = { code: 'unavailable' }

describe('a store that is moved to several Redis, and from them', { skip: NO_REDIS ?? false }, () => {
  let cluster: RedisCluster
  let sentinels: RedisSentinels
  let homes = 0
  const mover = new Mover(clock)
  before(async () => {
    ;[cluster, sentinels] = await Promise.all([RedisCluster.start(), RedisSentinels.start()])
  })
  after(async () => {
    await Promise.all([cluster?.close(), sentinels?.close()])
    mover.remove()
  })

  const inCluster = (partitions = PARTITIONS, prefix = `moved-${homes++}:`) =>
    redisHome(clock, { address: { addresses: cluster.addresses }, replicas: 1 }, prefix, partitions)
  const besideSentinels = (partitions = OTHER_PARTITIONS) =>
    redisHome(
      clock,
      { address: { addresses: sentinels.addresses, master: sentinels.name }, replicas: 1 },
      `moved-${homes++}:`,
      partitions,
    )

  it('is the same in a cluster, behind sentinels, in a cluster with other partitions, and back in a folder', async () => {
    const { home, all } = await mover.filledFolder()
    let from = home
    for (const to of [inCluster(), besideSentinels(), inCluster(5), folderHome(clock)]) {
      const { file, report } = await mover.exported(from)
      assert.deepEqual((await mover.imported(to, file)).counts, report.counts)
      const store = await to.open()
      assertMoved(await readAll(store), all)
      await store.close()
      from = to
    }
  })

  it('lies on every primary of a cluster, and comes from each', async () => {
    const { home } = await mover.filledFolder()
    const prefix = `moved-${homes++}:`
    const to = inCluster(PARTITIONS, prefix)
    await mover.imported(to, (await mover.exported(home)).file)
    const primaries = new Set<string>()
    for (const partition of new Partitions(PARTITIONS, prefix).all) {
      const slot = new Partitions(PARTITIONS, prefix).slotOf(partition)
      const { id, redis } = await cluster.ownerOf(slot)
      if (Number(await redis.cluster('COUNTKEYSINSLOT', slot)) > 3) primaries.add(id)
    }
    assert.equal(primaries.size, 3)
  })

  it('is whole after a failover between import and export', async () => {
    const { home, all } = await mover.filledFolder()
    const places = [inCluster(), besideSentinels()] as const
    const first = await mover.exported(home)
    for (const to of places) await mover.imported(to, first.file)
    const replica = await cluster.replicaOf(cluster.member(0))
    await cluster.failOver(replica)
    await sentinels.failOver()
    for (const from of places) {
      const back = folderHome(clock)
      await mover.imported(back, (await mover.exported(from)).file)
      const store = await back.open()
      assertMoved(await readAll(store), all)
      await store.close()
    }
    await Promise.all([cluster.settled(), sentinels.settled()])
  })

  it('which a process takes up while it is exported leaves no file', async () => {
    const { home } = await mover.filledFolder()
    const to = inCluster()
    await mover.imported(to, (await mover.exported(home)).file)
    const file = mover.fileOf('served')
    const source = await to.source()
    // It was not there when it was looked for.
    const store = await to.open()
    let isOver = false
    const exporting = exportStore(source, { ...mover.aroundOf(file), product: 'test' }).finally(() => {
      isOver = true
    })
    const refused = assert.rejects(exporting, /has served this store meanwhile/)
    while (!isOver) {
      await clock.advance(100)
      await to.idle()
    }
    await refused
    assert.equal(existsSync(file), false)
    await Promise.all([store.close(), source.close()])
  })

  it('of which a part is away is not exported at all, nor imported by half: either is done once all is there', async () => {
    const { home, all } = await mover.filledFolder()
    const prefix = `moved-${homes++}:`
    const partitions = new Partitions(PARTITIONS, prefix)
    const control = await cluster.ownerOf(partitions.slotOf(CONTROL))
    const others = partitions.all.map((partition) => cluster.ownerOf(partitions.slotOf(partition)))
    const owner = (await Promise.all(others)).find(({ id }) => id !== control.id)
    assert(owner !== undefined)
    const away = [owner, await cluster.replicaOf(owner)]
    const to = inCluster(PARTITIONS, prefix)
    const first = await mover.exported(home)
    for (const { server } of away) server.freeze()
    try {
      await assert.rejects(mover.imported(to, first.file), isUnavailable)
    } finally {
      for (const { server } of away) server.thaw()
    }
    await cluster.settled()
    await assert.rejects(to.open(), /An import into this Redis has not come to its end/)
    await mover.imported(to, first.file)

    for (const { server } of away) server.freeze()
    const half = mover.fileOf('half')
    try {
      await assert.rejects(mover.exported(to, half), isUnavailable)
    } finally {
      for (const { server } of away) server.thaw()
    }
    assert.equal(existsSync(half), false)
    await cluster.settled()
    await eventually(async () => (await mover.exported(to, half)).file === half)
    const back = folderHome(clock)
    await mover.imported(back, half)
    const store = await back.open()
    assertMoved(await readAll(store), all)
    await store.close()
  })
})
