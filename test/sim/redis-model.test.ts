import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { systemClock } from '../../server/src/clock/clock.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { type OpenEngine, openEngine } from '../../server/src/store/redis/redis.ts'
import type { StoreTotals } from '../../server/src/store/store.ts'
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts'
import { eventually, RedisCluster } from '../helpers/redis-cluster.ts'
import { NO_REDIS, RedisServer } from '../helpers/redis-server.ts'
import { type Command, commands } from './store-commands.ts'
import { Twin } from './store-twin.ts'

const RUNS = 30
const CLUSTER_RUNS = 4
/** The slot of `{0}`, which is the one partition's. */
const SLOT_OF_0 = 13_907
/** After so many commands a replica takes over, with whatever is under way then. */
const COMMANDS_EACH = 80
const REPORT = { endOnFailure: true, includeErrorInReport: true }
const COMMANDS_MAX = 200
const STEP_MS = 100

/** Time in steps, each with time for Redis to answer. */
function stepping(clock: FakeClock, idle: () => Promise<void>): FakeClock {
  return {
    ...clock,
    async advance(ms) {
      for (let left = ms; left > 0; left -= STEP_MS) {
        await clock.advance(Math.min(left, STEP_MS))
        await idle()
      }
    },
    async stall(ms) {
      await idle()
      await clock.stall(ms)
      await idle()
    },
  }
}

/** Names of what is kept, by key and field or member, of one partition. */
type Content = ReadonlyMap<string, readonly string[]>

async function contentOf(redis: Redis, base: string): Promise<Content> {
  const content = new Map<string, readonly string[]>()
  for (const key of await redis.keys(`${base}*`))
    content.set(key.slice(base.length), await namesIn(redis, key))
  return content
}

async function namesIn(redis: Redis, key: string): Promise<readonly string[]> {
  switch (await redis.type(key)) {
    case 'hash':
      return redis.hkeys(key)
    case 'zset':
      return redis.zrange(key, '0', '-1')
    case 'set':
      return redis.smembers(key)
    default:
      return []
  }
}

/** Every key of a registration, a mailbox, an event's terms or a call belongs to one that is there. */
function assertNothingIsLeftBehind(content: Content, { registrations, mailboxEvents }: StoreTotals): void {
  const at = (name: string) => content.get(name) ?? []
  const under = (name: string) =>
    [...content].flatMap(([key, members]) =>
      key.startsWith(name) ? [{ of: key.slice(name.length), members }] : [],
    )
  const ids = new Set(at('reg'))
  assert.equal(ids.size, registrations)
  assert.deepEqual(new Set(at('due')), ids)
  const entries = new Set(at('mail'))
  assert.equal(entries.size, mailboxEvents)
  for (const name of ['q:', 'ck:']) for (const { of } of under(name)) assert(ids.has(of), `${name}${of}`)
  for (const id of at('qb')) assert(ids.has(id), 'bytes of a mailbox that is gone')
  const queued = under('q:').flatMap(({ members }) => members)
  assert.deepEqual(new Set(queued), entries)
  for (const sequence of at('lt')) assert(entries.has(sequence), 'a lifetime without its entry')
  const newest = under('u:').length
  assert(newest <= registrations, 'an endpoint of nobody')
  for (const { members } of under('old:'))
    for (const id of members) assert(ids.has(id), 'a former one that is gone')
  for (const id of at('flap')) assert(ids.has(id), 'changes of a link of nobody')
  const records = new Set(at('hr'))
  assert.deepEqual(new Set(at('h')), records)
  for (const part of at('ho'))
    assert(records.has(part.slice(0, part.indexOf(':'))), 'an outcome without a record')
  assert.equal(at('hx').length, records.size)
  const calls = under('cl:').flatMap(({ of, members }) => members.map((id) => `${of}\n${id}`))
  assert.deepEqual(new Set(at('cx')), new Set(calls))
  assert.equal(at('tokz').length, at('tok').length)
  assert.deepEqual(new Set([...at('ckc'), ...at('ckx')]), new Set(at('ck')))
}

type Below = Pick<Parameters<typeof openEngine>[0], 'address' | 'replicas'> & {
  /** Who has everything. */
  redisOf(): Promise<Redis>
  failOver?(): Promise<void>
}

describe('the engine in Redis', { skip: NO_REDIS ?? false }, () => {
  let server: RedisServer
  let redis: Redis
  let stores = 0
  before(async () => {
    server = await RedisServer.start()
    redis = new Redis(server.port)
  })
  after(async () => {
    redis?.disconnect()
    await server?.close()
  })

  function single(): Below {
    return { address: { host: '127.0.0.1', port: server.port }, redisOf: async () => redis }
  }

  /** Gives the commands to Redis and the memory store, side by side on one clock. */
  async function run(list: readonly Command[], below: Below): Promise<number> {
    const clock = createFakeClock()
    const prefix = `model-${stores++}:`
    let engine: OpenEngine | undefined
    let opened = 0
    const openAgain = async () => {
      opened++
      engine = await openEngine({
        ...{ address: below.address, replicas: below.replicas ?? 0 },
        // One, so that of many that are due the same are swept first.
        ...{ prefix, partitions: 1, id: `process ${opened}`, clock, wireClock: systemClock(), beatMs: 100 },
        timeMs: () => Math.floor(clock.monotonicMs()),
      })
      // As whoever comes does with whoever was there before.
      await engine.store.neighbours?.bury(`process ${opened - 1}`)
      return engine.store
    }
    const store = await openAgain()
    const stepped = stepping(clock, async () => engine?.idle())
    const twin = new Twin(stepped, createMemoryStore({ clock }), store, openAgain)
    try {
      for (const [index, command] of list.entries()) {
        if (below.failOver !== undefined && index % COMMANDS_EACH === COMMANDS_EACH - 1) {
          await below.failOver()
          // From here on time goes on at the new one.
          await eventually(
            async () => engine !== undefined && (await engine.store.totals()).registrations >= 0,
          )
        }
        await twin.run(command)
      }
    } catch (error) {
      await twin.close().catch(() => undefined)
      throw error
    }
    const totals = await twin.close()
    const redis = await below.redisOf()
    assertNothingIsLeftBehind(await contentOf(redis, `${prefix}{0}:`), totals)
    return twin.effects
  }

  it('answers like the memory store, whatever is asked in whatever order, restarts included', async () => {
    let effects = 0
    const property = fc.asyncProperty(
      fc.array(commands(), { maxLength: COMMANDS_MAX, size: 'max' }),
      async (list) => {
        effects += await run(list, single())
      },
    )
    await fc.assert(property, { numRuns: RUNS, ...REPORT, seed: 20_261_128 })
    assert(effects > 500, `the sequences did something: ${effects}`)
  })

  it('does so on a Redis Cluster too, whose replicas take over again and again', async () => {
    const cluster = await RedisCluster.start()
    let failOvers = 0
    const failOver = async () => {
      await cluster.failOver(await cluster.replicaOf(await cluster.ownerOf(SLOT_OF_0)))
      await cluster.settled()
      failOvers++
    }
    const below: Below = {
      address: { addresses: cluster.addresses },
      replicas: 1,
      redisOf: async () => (await cluster.ownerOf(SLOT_OF_0)).redis,
      failOver,
    }
    let effects = 0
    const property = fc.asyncProperty(
      fc.array(commands(), { maxLength: COMMANDS_MAX, size: 'max' }),
      async (list) => {
        effects += await run(list, below)
      },
    )
    try {
      await fc.assert(property, { numRuns: CLUSTER_RUNS, ...REPORT, seed: 20_261_129 })
    } finally {
      await cluster.close()
    }
    assert(effects > 100, `${effects} effects`)
    assert(failOvers > 1, `${failOvers} took over`)
  })
})
