import { setTimeout as sleep } from 'node:timers/promises'
import { nodeName } from '../helpers/nodes.ts'
import { CLUSTER_MEMBERS, type ClusterMember, RedisCluster } from '../helpers/redis-cluster.ts'
import { untilPrimary } from './cluster-troubles.ts'
import { AppendLog, type Loss, type LossScene } from './loss-scene.ts'
import { isLostAndTold, nothingIsLost, someIsLost } from './losses-of-one.ts'
import { redisName } from './service.ts'

const EVERY_SECOND = ['--appendonly', 'yes', '--appendfsync', 'everysec']
const COPIED = { isCluster: true, env: { REDIS_REPLICAS_MIN: '1' }, redisOptions: EVERY_SECOND }
const ALONE = { ...COPIED, env: { REDIS_REPLICAS_MIN: '0' } }
/** A primary that hears of nobody takes so long to stop; and its replica to take over. */
const CUT_OFF_MS = 5_000

/** What is lost where there are several Redises. */
export const LOSSES_OF_CLUSTERS: readonly Loss[] = [
  {
    what: 'A primary dies, and a replica takes over, `REDIS_REPLICAS_MIN=1`: nothing that was answered',
    options: COPIED,
    provoke: takeOver,
    judge: nothingIsLost,
  },
  {
    what: 'A primary dies, and a replica takes over, 0: what no replica had yet',
    options: ALONE,
    provoke: takeOver,
    judge: async (_, verdict) => someIsLost(verdict),
  },
  {
    what: 'A primary is cut off with its clients, and another takes over, 1: nothing that was answered',
    options: COPIED,
    needsNetworks: true,
    provoke: cutOff,
    judge: nothingIsLost,
  },
  {
    what: 'A primary is cut off with its clients, and another takes over, 0: everything until it is back',
    options: ALONE,
    needsNetworks: true,
    provoke: cutOff,
    judge: async (_, verdict) => someIsLost(verdict),
  },
  {
    what: 'A primary starts again before its replica took over, with less than it had: what it has no more',
    options: COPIED,
    async provoke(scene) {
      await scene.send(3)
      const { primary } = await pairOf(scene)
      await scene.trouble(async () => {
        await primary.server.kill()
        new AppendLog(primary.server).remove()
        await primary.server.start()
      })
    },
    judge: isLostAndTold,
  },
  {
    what: 'A primary and the replica that had it die together, `everysec`: up to two seconds',
    options: COPIED,
    async provoke(scene) {
      await scene.send(2)
      const { primary, replica } = await pairOf(scene)
      const logs = [primary, replica].map(({ server }) => new AppendLog(server))
      const synced = logs.map((log) => log.sizes())
      await scene.send(3)
      await scene.trouble(async () => {
        await Promise.all([primary.server.kill(), replica.server.kill()])
        for (const [place, log] of logs.entries()) log.truncate(synced[place] ?? new Map())
        await Promise.all([primary.server.start(), replica.server.start()])
      })
    },
    judge: async (_, verdict) => someIsLost(verdict),
  },
]

/** What was sent while the replica stood still, only the primary has, which dies. */
async function takeOver(scene: LossScene): Promise<void> {
  await scene.send(2)
  const { primary, replica } = await pairOf(scene)
  await scene.trouble(async () => {
    replica.server.freeze()
    // What lies in its socket already it would find there.
    await primary.redis.call('CLIENT', 'KILL', 'TYPE', 'replica')
    await scene.send(2)
    await primary.server.kill()
    replica.server.thaw()
    await untilPrimary(replica)
    await primary.server.start()
  })
}

/** One node hears of one primary, and of nobody else of the store; all others hear of each other. */
async function cutOff(scene: LossScene): Promise<void> {
  await scene.send(2)
  const { networks } = scene.run.service
  const { primary } = await pairOf(scene)
  const cluster = clusterOf(scene)
  const name = redisName(cluster.members.indexOf(primary))
  const others = Array.from({ length: CLUSTER_MEMBERS }, (_, index) => redisName(index)).filter(
    (one) => one !== name,
  )
  await scene.trouble(async () => {
    for (const one of [name, nodeName(0)]) networks?.cut(one, ...others)
    scene.run.pinned = 0
    const sent = scene.send(5)
    await sleep(CUT_OFF_MS)
    for (const one of [name, nodeName(0)]) networks?.mend(one, ...others)
    await sent
    scene.run.pinned = undefined
  })
}

function clusterOf(scene: LossScene): RedisCluster {
  const { redis } = scene.run.service.nodes
  if (!(redis instanceof RedisCluster)) throw new Error('There is one.')
  return redis
}

async function pairOf(
  scene: LossScene,
): Promise<{ readonly primary: ClusterMember; readonly replica: ClusterMember }> {
  const cluster = clusterOf(scene)
  const primary = cluster.member(0)
  return { primary, replica: await cluster.replicaOf(primary) }
}
