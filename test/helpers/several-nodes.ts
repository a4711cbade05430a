import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { RUN_SOURCES } from '../../scripts/workspace.mjs'
import { RedisServer } from './redis-server.ts'
import type { ServerProcess } from './server-process.ts'

const SEALING_KEY = Buffer.alloc(32, 7).toString('base64')

/** Why a test is left out where there are several processes; `false`: there is one. */
export function ofOneProcess(why: string): string | false {
  return Number(process.env['E2E_NODES'] ?? 1) > 1 && `of one process: ${why}`
}

/** What tells a command that is run before the start where the store of a data folder is; nothing where it is in the folder itself. */
export async function storeOf(dataDir: string): Promise<Record<string, string>> {
  if (Number(process.env['E2E_NODES'] ?? 1) === 1) return {}
  return { REDIS_URL: (await redisFor(dataDir)).url, SEALING_KEY }
}

/** The Redis of a data folder: it stays where the processes are started again. */
const redisOf = new Map<string, Promise<RedisServer>>()

/**
 * Starts several processes on one Redis, and a port before them that gives each connection to the next of them: for tests that are
 * written for one process.
 *
 * @param start starts one, with this configuration beside that of the test
 */
export async function startSeveral(
  count: number,
  dataDir: string,
  env: Readonly<Record<string, string>>,
  start: (env: Record<string, string>) => Promise<ServerProcess>,
): Promise<ServerProcess> {
  const redis = await redisFor(dataDir)
  const balancer = await Balancer.listen(Number(env['PORT'] ?? 0))
  const url = `http://127.0.0.1:${balancer.port}`
  const common = {
    REDIS_URL: redis.url,
    SEALING_KEY,
    PUBLIC_URL: url,
    ...env,
    PORT: '0',
  }
  const nodes: ServerProcess[] = []
  // One after the other: what a first start makes is made once.
  for (let index = 0; index < count; index++)
    nodes.push(
      await start({ ...common, NODE_NAME: `node-${index}` }).catch((error: unknown) =>
        balancer.refuse(error),
      ),
    )
  balancer.ports = nodes.map(({ port }) => port)
  const all = async <T>(ask: (node: ServerProcess) => Promise<T>): Promise<readonly T[]> => {
    const answers = await Promise.all(nodes.map(ask))
    balancer.close()
    return answers
  }
  const worst = (codes: readonly (number | null)[]) => codes.find((code) => code !== 0) ?? 0
  return {
    ...{ url, port: balancer.port, dataDir, pid: nodes[0]?.pid ?? 0 },
    output: () => nodes.map((node) => node.output()).join(''),
    signal: (name) => nodes.forEach((node) => void node.signal(name)),
    stall: async (ms) => void (await Promise.all(nodes.map((node) => node.stall(ms)))),
    kill: async () => void (await all((node) => node.kill())),
    ended: async () => worst(await all((node) => node.ended())),
    terminate: async () => worst(await all((node) => node.terminate())),
  }
}

function redisFor(dataDir: string): Promise<RedisServer> {
  const known = redisOf.get(dataDir)
  if (known !== undefined) return known
  const started = RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always').then((redis) => {
    redis.unref()
    process.once('exit', () => redis.end())
    return redis
  })
  redisOf.set(dataDir, started)
  return started
}

/** Gives each connection to the next one of several ports: `balancer.ts`. */
class Balancer {
  readonly #process: ChildProcess
  readonly port: number

  private constructor(child: ChildProcess, port: number) {
    this.#process = child
    this.port = port
  }

  static async listen(port: number): Promise<Balancer> {
    const child = fork(new URL('./balancer.ts', import.meta.url), [String(port)], { execArgv: RUN_SOURCES })
    const [told] = (await once(child, 'message')) as [{ readonly port: number }]
    child.unref()
    child.channel?.unref()
    return new Balancer(child, told.port)
  }

  set ports(ports: readonly number[]) {
    this.#process.send({ ports })
  }

  refuse(error: unknown): never {
    this.close()
    throw error
  }

  close(): void {
    this.#process.kill('SIGKILL')
  }
}
