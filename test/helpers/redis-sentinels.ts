import { Redis } from 'ioredis'
import { freePort } from '../../bench/src/lab/free-port.ts'
import { eventually, orClosed } from './redis-cluster.ts'
import { RedisServer } from './redis-server.ts'

const NAME = 'calls'
const FILE = 'sentinel.conf'

/** A Redis, its replica, and three sentinels that watch them, in memory only. */
export class RedisSentinels {
  readonly name = NAME
  readonly servers: readonly [RedisServer, RedisServer]
  readonly sentinels: readonly RedisServer[]
  readonly #asked: Redis

  private constructor(servers: readonly [RedisServer, RedisServer], sentinels: readonly RedisServer[]) {
    this.servers = servers
    this.sentinels = sentinels
    this.#asked = new Redis(sentinels[0]?.port ?? 0)
    this.#asked.on('error', () => {})
  }

  static async start(): Promise<RedisSentinels> {
    const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1']
    const first = await RedisServer.start(...quick)
    const second = await RedisServer.start(...quick, '--replicaof', '127.0.0.1', String(first.port))
    const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(first.port)))
    const all = new RedisSentinels([first, second], sentinels)
    return orClosed(all, () => all.settled())
  }

  get addresses(): readonly [Address, ...Address[]] {
    const [first, ...others] = this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }))
    if (first === undefined) throw new Error('There is nobody.')
    return [first, ...others]
  }

  /** As `REDIS_URL` names it. */
  get url(): string {
    return `redis+sentinel://${this.addresses.map(({ host, port }) => `${host}:${port}`).join()}/${NAME}`
  }

  /** Which of the two is the primary, as the first sentinel knows. */
  async primary(): Promise<RedisServer> {
    const answer = await this.#asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)
    const port = Number(Array.isArray(answer) ? answer[1] : 0)
    const [first, second] = this.servers
    return first.port === port ? first : second
  }

  /** The sentinels know each other, and the replica has what its primary has. */
  async settled(): Promise<void> {
    await eventually(async () => {
      const rows = ((await this.#asked.call('SENTINEL', 'MASTER', NAME)) as string[]).map(String)
      const fieldOf = (field: string) => rows[rows.indexOf(field) + 1]
      const areKnown = fieldOf('num-other-sentinels') === '2' && fieldOf('num-slaves') === '1'
      return areKnown && fieldOf('flags') === 'master' && (await this.#isSynced())
    })
  }

  async failOver(): Promise<void> {
    const before = await this.primary()
    await this.#asked.call('SENTINEL', 'FAILOVER', NAME)
    await eventually(async () => (await this.primary()) !== before)
  }

  async close(): Promise<void> {
    this.#asked.disconnect()
    await Promise.all([...this.servers, ...this.sentinels].map((server) => server.close()))
  }

  async #isSynced(): Promise<boolean> {
    const redis = new Redis((await this.primary()).port)
    redis.on('error', () => {})
    try {
      return /slave0:.*state=online/.test(await redis.info('replication'))
    } finally {
      redis.disconnect()
    }
  }
}

type Address = { readonly host: string; readonly port: number }

async function startSentinel(primaryPort: number): Promise<RedisServer> {
  const config = [
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${NAME} 1000`,
    `sentinel failover-timeout ${NAME} 4000`,
    '',
  ].join('\n')
  const server = RedisServer.on(await freePort(), ['--sentinel'], new Map([[FILE, config]]), FILE)
  await server.start()
  // They look every ten seconds how things are; nobody wants to wait for that.
  const redis = new Redis(server.port)
  await redis.call('SENTINEL', 'DEBUG', 'INFO-PERIOD', '300', 'PUBLISH-PERIOD', '200')
  redis.disconnect()
  return server
}
