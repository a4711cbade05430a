import { setTimeout as sleep } from 'node:timers/promises'
import { type ClusterMember, type RedisCluster, within } from '../helpers/redis-cluster.ts'
import type { FaultName } from '../history/lines.ts'
import type { Scene, Trouble } from './scene.ts'

const SLOTS = 16_384
const TAKEN_OVER_WITHIN_MS = 30_000
/** Once it has come to rest, everybody knows so by their next look, and what was refused has been sent again. */
const KNOWN_WITHIN_MS = 1_500

/** What goes wrong with the processes of a Redis Cluster, of which all that was answered must survive. */
export class ClusterTroubles {
  readonly #scene: Scene
  readonly #cluster: RedisCluster
  readonly all: readonly Trouble[]

  constructor(scene: Scene, cluster: RedisCluster) {
    this.#scene = scene
    this.#cluster = cluster
    const { dice } = scene
    this.all = [
      { weight: 20, go: () => this.kill(dice.roll(2_000)) },
      { weight: 15, go: () => this.restartEarly(dice.roll(400)) },
      { weight: 20, go: () => this.hang(200 + dice.roll(6_000)) },
      { weight: 25, go: () => this.failOver() },
      { weight: 8, go: () => this.killReplica(dice.roll(2_000)) },
      { weight: 12, go: () => this.loseMessages() },
    ]
  }

  /** A primary dies, its replica takes over, and some time after that it is back. */
  async kill(laterMs: number): Promise<void> {
    await this.#trouble('primary killed', 'store_failed', async (primary, replica) => {
      await primary.server.kill()
      await untilPrimary(replica)
      await sleep(laterMs)
      await primary.server.start()
    })
  }

  /** It is back before anybody has noticed, with all that it had. */
  async restartEarly(downMs: number): Promise<void> {
    await this.#trouble('primary restarted early', 'store_failed', async (primary) => {
      await primary.server.kill()
      await sleep(downMs)
      await primary.server.start()
    })
  }

  /** It stands still; where it does for long, its replica takes over, of which it hears when it goes on. */
  async hang(ms: number): Promise<void> {
    await this.#trouble('primary hung', 'store_stalled', async (primary) => {
      primary.server.freeze()
      await sleep(ms)
      primary.server.thaw()
    })
  }

  async failOver(): Promise<void> {
    await this.#trouble('failed over by hand', 'store_failed', async (_, replica) => {
      await this.#cluster.failOver(replica)
    })
  }

  /** Until it is back nothing durable is taken: nobody else has a copy. */
  async killReplica(downMs: number): Promise<void> {
    await this.#trouble('replica killed', 'store_failed', async (_, replica) => {
      await replica.server.kill()
      await sleep(downMs)
      await replica.server.start()
    })
  }

  /** Whatever processes tell each other meanwhile nobody hears. */
  async loseMessages(): Promise<void> {
    this.#scene.note('messages lost')
    const back = this.#scene.recorder.fault('messages_lost')
    for (let times = 0; times < 5; times++) {
      for (const { redis } of this.#cluster.members)
        await within(redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).catch(() => undefined)
      await sleep(200)
    }
    back()
  }

  async #trouble(
    what: string,
    fault: FaultName,
    go: (primary: ClusterMember, replica: ClusterMember) => Promise<void>,
  ): Promise<void> {
    const primary = await this.#cluster.ownerOf(this.#scene.dice.roll(SLOTS))
    const replica = await this.#cluster.replicaOf(primary)
    await this.#scene.ofStore(what, fault, async () => {
      await go(primary, replica)
      await this.settled()
    })
  }

  /** All of it works, and all nodes know. */
  async settled(): Promise<void> {
    await this.#cluster.settled()
    await sleep(KNOWN_WITHIN_MS)
    await this.#scene.allReady()
  }
}

export async function untilPrimary({ redis }: ClusterMember): Promise<void> {
  const untilMs = performance.now() + TAKEN_OVER_WITHIN_MS
  while ((await within(redis.role()).catch(() => []))[0] !== 'master') {
    if (performance.now() > untilMs) throw new Error('No replica has taken over.')
    await sleep(50)
  }
}
