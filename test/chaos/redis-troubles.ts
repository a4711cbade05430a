import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisServer } from '../helpers/redis-server.ts'
import type { Scene, Trouble } from './scene.ts'

/** What goes wrong with one Redis. */
export class RedisTroubles {
  readonly #scene: Scene
  readonly #redis: RedisServer
  readonly all: readonly Trouble[]

  constructor(scene: Scene, redis: RedisServer) {
    this.#scene = scene
    this.#redis = redis
    const { dice } = scene
    this.all = [
      { weight: 1, go: () => this.hang(200 + dice.roll(4_000)) },
      { weight: 1, go: () => this.restart(dice.roll(2_000)) },
    ]
  }

  async hang(ms: number): Promise<void> {
    await this.#scene.ofStore('Redis hung', 'store_stalled', async () => {
      this.#redis.freeze()
      await sleep(ms)
      this.#redis.thaw()
      await this.#scene.allReady()
    })
  }

  /** It dies, and comes back with all that it has written down. */
  async restart(downMs: number): Promise<void> {
    await this.#scene.ofStore('Redis restarted', 'store_failed', async () => {
      await this.#redis.kill()
      await sleep(downMs)
      await this.#redis.start()
      await this.#scene.allReady()
    })
  }
}
