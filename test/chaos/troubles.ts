import type { Crowd } from '../helpers/crowd.ts'
import { RedisCluster } from '../helpers/redis-cluster.ts'
import { ClusterTroubles } from './cluster-troubles.ts'
import type { LinkWatch } from './link-watch.ts'
import { NetworkTroubles } from './network-troubles.ts'
import { NodeTroubles } from './node-troubles.ts'
import { RedisTroubles } from './redis-troubles.ts'
import { Scene, type Trouble } from './scene.ts'
import type { Service } from './service.ts'

/** All that can go wrong here: with processes of the service, with what keeps everything, and with what is between them. */
export class Troubles {
  readonly scene: Scene
  readonly nodes: NodeTroubles
  /** `undefined`: there is a cluster. */
  readonly redis: RedisTroubles | undefined
  /** `undefined`: there is one Redis. */
  readonly cluster: ClusterTroubles | undefined
  /** `undefined`: this machine lets nobody cut them. */
  readonly networks: NetworkTroubles | undefined

  constructor(service: Service, crowd: Pick<Crowd, 'recorder' | 'dice'>, links: LinkWatch) {
    const scene = new Scene(service, crowd, links)
    const store = service.nodes.redis
    this.scene = scene
    this.nodes = new NodeTroubles(scene)
    this.cluster = store instanceof RedisCluster ? new ClusterTroubles(scene, store) : undefined
    this.redis = store instanceof RedisCluster ? undefined : new RedisTroubles(scene, store)
    this.networks =
      service.networks === undefined
        ? undefined
        : new NetworkTroubles(scene, service.networks, async () => this.cluster?.settled())
  }

  /** One of all with the processes of the service, drawn. */
  ofNodes(): Promise<void> {
    return this.#any([...this.nodes.all, ...(this.networks?.ofNodes ?? [])])
  }

  /** One of all with what keeps everything. */
  ofStore(): Promise<void> {
    return this.#any([
      ...(this.redis?.all ?? []),
      ...(this.cluster?.all ?? []),
      ...(this.networks?.ofStore ?? []),
    ])
  }

  #any(troubles: readonly Trouble[]): Promise<void> {
    let roll = this.scene.dice.roll(troubles.reduce((sum, { weight }) => sum + weight, 0))
    for (const { weight, go } of troubles) {
      if (roll < weight) return go()
      roll -= weight
    }
    return Promise.resolve()
  }
}
