import { orClosed } from './redis-cluster.ts'
import { RedisServer } from './redis-server.ts'
import { freePort, makeDataDir, type ServerProcess, startProcess } from './run-server.ts'
import { LOOPBACK, type Spot } from './spot.ts'

const CLOSED = 'all of them have been closed'
const SEALING_KEY = Buffer.alloc(32, 7).toString('base64')
/** What all of them call themselves, so that each takes what another has signed. */
const PUBLIC_URL = 'http://rollcall.test'

/** What keeps everything: a Redis, or several. */
export type NodesStore = {
  /** As `REDIS_URL` names it. */
  readonly url: string
  close(): Promise<void>
}

/** Processes of one service, named `a`, `b`, …, on one Redis. */
export class Nodes<Store extends NodesStore = RedisServer> {
  readonly redis: Store
  readonly #spotOf: (index: number) => Spot
  readonly #folders: Awaited<ReturnType<typeof makeDataDir>>[] = []
  readonly #env: Record<string, string>
  readonly #ports: number[] = []
  readonly all: ServerProcess[] = []
  readonly #everyone: ServerProcess[] = []
  #isClosed = false

  private constructor(redis: Store, env: Record<string, string>, spotOf: (index: number) => Spot) {
    this.redis = redis
    this.#spotOf = spotOf
    this.#env = { REDIS_URL: redis.url, SEALING_KEY, PUBLIC_URL, ...env }
  }

  static async start(count: number, env: Record<string, string> = {}): Promise<Nodes> {
    return Nodes.over(await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always'), count, env)
  }

  /** @param spotOf where each of them is, by its place; default: all on loopback */
  static async over<Store extends NodesStore>(
    redis: Store,
    count: number,
    env: Record<string, string> = {},
    spotOf: (index: number) => Spot = () => LOOPBACK,
  ): Promise<Nodes<Store>> {
    const nodes = new Nodes(redis, env, spotOf)
    return orClosed(nodes, async () => {
      for (let index = 0; index < count; index++) {
        nodes.#folders.push(await makeDataDir())
        nodes.#ports.push(await freePort())
      }
      const started = await Promise.allSettled(
        Array.from({ length: count }, (_, index) => nodes.startOne(index)),
      )
      for (const one of started) if (one.status === 'rejected') throw one.reason
    })
  }

  /** By the name and the port that it had before, if it had. */
  async startOne(index: number, env: Record<string, string> = {}): Promise<ServerProcess> {
    if (this.#isClosed) throw new Error(CLOSED)
    const own = { NODE_NAME: nodeName(index), PORT: String(this.#ports[index] ?? 0) }
    const folder = this.#folders[index]?.path ?? ''
    const started = await startProcess(
      folder,
      { ...this.#env, ...own, ...env },
      { spot: this.#spotOf(index) },
    )
    if (this.#isClosed) {
      await started.kill()
      throw new Error(CLOSED)
    }
    this.all[index] = started
    this.#everyone.push(started)
    return started
  }

  /** Another one, of which whoever starts it takes care. */
  async startExtra(env: Record<string, string>): Promise<ServerProcess> {
    const folder = await makeDataDir()
    this.#folders.push(folder)
    return startProcess(folder.path, { ...this.#env, ...env })
  }

  at(index: number): ServerProcess {
    const found = this.all[index]
    if (found === undefined) throw new Error(`there is no node ${index}`)
    return found
  }

  /** What all have said, those who are gone too. */
  output(): string {
    return this.#everyone.map((one) => one.output()).join('')
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** For good: one that is just being started ends too. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.all.map((one) => one.kill()))
    for (const folder of this.#folders) await folder.remove()
    await this.redis.close()
  }
}

/** What the node of a place is called. */
export function nodeName(index: number): string {
  return String.fromCharCode(97 + index)
}
