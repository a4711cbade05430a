import { setTimeout as sleep } from 'node:timers/promises'
import type { Networks } from '../helpers/networks.ts'
import { nodeName } from '../helpers/nodes.ts'
import { CLUSTER_MEMBERS, RedisCluster } from '../helpers/redis-cluster.ts'
import type { Scene, Trouble } from './scene.ts'
import { redisName } from './service.ts'

/** What goes wrong between the processes: each has a network of its own. */
export class NetworkTroubles {
  readonly #scene: Scene
  readonly #networks: Networks
  readonly ofNodes: readonly Trouble[]
  readonly ofStore: readonly Trouble[]

  readonly #settled: () => Promise<void>

  /** @param settled all that keeps everything works again, and all nodes know */
  constructor(scene: Scene, networks: Networks, settled: () => Promise<void>) {
    this.#settled = settled
    this.#scene = scene
    this.#networks = networks
    const { dice } = scene
    const any = () => dice.roll(scene.service.nodes.all.length)
    this.ofNodes = [
      { weight: 15, go: () => this.cutFromStore(any(), 500 + dice.roll(14_000)) },
      { weight: 10, go: () => this.unplugNode(any(), 500 + dice.roll(14_000)) },
    ]
    this.ofStore =
      scene.service.nodes.redis instanceof RedisCluster
        ? [{ weight: 15, go: () => this.unplugRedis(dice.roll(CLUSTER_MEMBERS), 500 + dice.roll(6_000)) }]
        : []
  }

  /** Devices and backends come to it as before, and it can do nothing for them. */
  async cutFromStore(index: number, ms: number): Promise<void> {
    const members = this.#scene.service.nodes.redis instanceof RedisCluster ? CLUSTER_MEMBERS : 1
    const all = Array.from({ length: members }, (_, member) => redisName(member))
    await this.#node('node cut off from Redis', index, ms, {
      cut: () => this.#networks.cut(nodeName(index), ...all),
      mend: () => this.#networks.mend(nodeName(index), ...all),
    })
  }

  /** Nobody hears of it. */
  async unplugNode(index: number, ms: number): Promise<void> {
    await this.#node('node unplugged', index, ms, {
      cut: () => this.#networks.unplug(nodeName(index)),
      mend: () => this.#networks.plug(nodeName(index)),
    })
  }

  async #node(what: string, index: number, ms: number, cable: { cut(): void; mend(): void }): Promise<void> {
    const { recorder } = this.#scene
    this.#scene.note(what)
    const back = recorder.fault('node_cut_off', nodeName(index))
    cable.cut()
    await sleep(ms)
    cable.mend()
    await this.#scene.ready(index)
    this.#scene.lastMs = performance.now()
    back()
  }

  /** A Redis of whom nobody hears, nor it of anybody; if it was a primary, it is none when it is back. */
  async unplugRedis(index: number, ms: number): Promise<void> {
    await this.#scene.ofStore('Redis unplugged', 'store_failed', async () => {
      this.#networks.unplug(redisName(index))
      await sleep(ms)
      this.#networks.plug(redisName(index))
      await this.#settled()
    })
  }
}
