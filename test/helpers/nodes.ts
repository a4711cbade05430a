import { RedisServer } from './redis-server.ts'
import { freePort, makeDataDir, type ServerProcess, startProcess } from './run-server.ts'

const SEALING_KEY = Buffer.alloc(32, 7).toString('base64')
/** What all of them call themselves, so that each takes what another has signed. */
const PUBLIC_URL = 'http://rollcall.test'

/** Processes of one service, named `a`, `b`, …, on one Redis. */
export class Nodes {
  readonly redis: RedisServer
  readonly #folders: Awaited<ReturnType<typeof makeDataDir>>[] = []
  readonly #env: Record<string, string>
  readonly #ports: number[] = []
  readonly all: ServerProcess[] = []

  private constructor(redis: RedisServer, env: Record<string, string>) {
    this.redis = redis
    this.#env = { REDIS_URL: `redis://127.0.0.1:${redis.port}`, SEALING_KEY, PUBLIC_URL, ...env }
  }

  static async start(count: number, env: Record<string, string> = {}): Promise<Nodes> {
    const nodes = new Nodes(await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always'), env)
    for (let index = 0; index < count; index++) {
      nodes.#folders.push(await makeDataDir())
      nodes.#ports.push(await freePort())
    }
    await Promise.all(Array.from({ length: count }, (_, index) => nodes.startOne(index)))
    return nodes
  }

  /** By the name and the port that it had before, if it had. */
  async startOne(index: number, env: Record<string, string> = {}): Promise<ServerProcess> {
    const own = { NODE_NAME: nameOf(index), PORT: String(this.#ports[index] ?? 0) }
    const folder = this.#folders[index]?.path ?? ''
    const started = await startProcess(folder, { ...this.#env, ...own, ...env })
    this.all[index] = started
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

  async close(): Promise<void> {
    await Promise.all(this.all.map((one) => one.kill()))
    for (const folder of this.#folders) await folder.remove()
    await this.redis.close()
  }
}

function nameOf(index: number): string {
  return String.fromCharCode(97 + index)
}
