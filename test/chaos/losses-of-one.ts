import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedisServer } from '../helpers/redis-server.ts'
import type { Verdict } from '../history/checker.ts'
import { AppendLog, type Loss, type LossScene, violatedIn } from './loss-scene.ts'

const ALWAYS = ['--appendonly', 'yes', '--appendfsync', 'always']
const EVERY_SECOND = ['--appendonly', 'yes', '--appendfsync', 'everysec']

/** What is lost where there is one Redis. */
export const LOSSES_OF_ONE: readonly Loss[] = [
  {
    what: 'The Redis process dies, and its machine goes on: nothing that was answered',
    options: { isCluster: false, redisOptions: EVERY_SECOND },
    async provoke(scene) {
      await scene.send(5)
      await restart(scene, () => undefined)
    },
    judge: nothingIsLost,
  },
  {
    what: 'The machine of Redis loses power, `everysec`: up to two seconds of what was answered',
    options: { isCluster: false, redisOptions: EVERY_SECOND },
    async provoke(scene) {
      await scene.send(2)
      const log = new AppendLog(theRedis(scene))
      const synced = log.sizes()
      await scene.send(3)
      await restart(scene, () => log.truncate(synced))
    },
    judge: async (_, verdict) => someIsLost(verdict),
  },
  {
    what: 'Somebody restores an older copy: what came since',
    options: { isCluster: false, redisOptions: ALWAYS },
    async provoke(scene) {
      const copy = mkdtempSync(join(tmpdir(), 'rollcall-copy-'))
      await scene.send(2)
      const log = new AppendLog(theRedis(scene))
      log.copyTo(copy)
      await sleep(4_000)
      await scene.send(3)
      await restart(scene, () => log.replaceBy(copy))
      rmSync(copy, { recursive: true })
    },
    judge: isLostAndTold,
  },
  {
    what: 'Redis without `appendonly` starts again: everything',
    options: { isCluster: false, redisOptions: ['--appendonly', 'no'] },
    async provoke(scene) {
      await scene.send(3)
      await restart(scene, () => undefined)
    },
    judge: isLostAndTold,
  },
  {
    what: 'Somebody empties it (`FLUSHALL`): everything',
    options: { isCluster: false, redisOptions: ALWAYS },
    async provoke(scene) {
      await scene.send(3)
      await scene.trouble(() => theRedis(scene).flush())
    },
    judge: isLostAndTold,
  },
]

function theRedis(scene: LossScene): RedisServer {
  const { redis } = scene.run.service.nodes
  if (!(redis instanceof RedisServer)) throw new Error('There are several.')
  return redis
}

/** @param meanwhile what becomes of its disk while it is down */
function restart(scene: LossScene, meanwhile: () => void): Promise<void> {
  const redis = theRedis(scene)
  return scene.trouble(async () => {
    await redis.kill()
    meanwhile()
    await redis.start()
  })
}

export async function nothingIsLost(scene: LossScene, verdict: Verdict): Promise<string | undefined> {
  const wrong = violatedIn(verdict)
  const told = await scene.run.metric('rollcall_store_data_lost_total')
  return wrong === '' && told === 0 ? undefined : `something was lost: ${wrong}; ${told} told`
}

export function someIsLost(verdict: Verdict): string | undefined {
  return violatedIn(verdict) === '' ? 'nothing was lost' : undefined
}

export async function isLostAndTold(scene: LossScene, verdict: Verdict): Promise<string | undefined> {
  if ((await scene.run.metric('rollcall_store_data_lost_total')) === 0) return 'nobody was told'
  return someIsLost(verdict)
}
