import assert from 'node:assert/strict'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { eventually } from '../../../../test/helpers/redis-cluster.ts'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { freePort } from '../../../../test/helpers/run-server.ts'
import { systemClock } from '../../clock/clock.ts'
import type { Store } from '../store.ts'
import { openEngine } from './assembly.ts'

const clock = systemClock()
const USER = { organizationId: 'acme', userId: 'alice' }
const isRefused = { code: 'unavailable', isUndecided: false }

/** What a Redis is brought to, and out of again. */
type Trouble = {
  readonly options?: readonly string[]
  readonly prepare?: (server: RedisServer, redis: Redis) => Promise<unknown>
  readonly begin: (redis: Redis, server: RedisServer) => Promise<unknown>
  readonly end: (redis: Redis, server: RedisServer) => Promise<unknown>
  /** What Redis says. Absent: nothing, it is only late. */
  readonly says?: string
}

/** Runs until it is ended; for so long nobody else is served. */
const ENDLESS = `#!lua name=endless
redis.register_function{function_name='endless', callback=function() while true do end end, flags={'no-writes'}}`

const set = (redis: Redis, name: string, value: string) => redis.call('CONFIG', 'SET', name, value)

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'is a replica for a while': {
    // Of nobody: it stays as it is, and takes no writes.
    begin: async (redis) => redis.call('REPLICAOF', '127.0.0.1', await freePort()),
    end: (redis) => redis.call('REPLICAOF', 'NO', 'ONE'),
    says: 'READONLY',
  },
  'could not write its snapshot': {
    async begin(redis, { folder }) {
      mkdirSync(join(folder, 'dump.rdb'))
      await set(redis, 'save', '3600 1')
      await redis.call('BGSAVE')
      await eventually(async () => (await redis.info('persistence')).includes('rdb_last_bgsave_status:err'))
    },
    async end(redis, { folder }) {
      rmdirSync(join(folder, 'dump.rdb'))
      await redis.call('SAVE')
    },
    says: 'MISCONF',
  },
  'misses replicas that it was told to have': {
    begin: (redis) => set(redis, 'min-replicas-to-write', '1'),
    end: (redis) => set(redis, 'min-replicas-to-write', '0'),
    says: 'NOREPLICAS',
  },
  'runs a function of somebody else’s that does not end': {
    options: ['--busy-reply-threshold', '20'],
    prepare: (_, redis) => redis.call('FUNCTION', 'LOAD', ENDLESS),
    async begin(_, { port }) {
      const other = new Redis(port)
      other.on('error', () => {})
      other.call('FCALL', 'endless', '0').then(
        () => other.disconnect(),
        () => other.disconnect(),
      )
      await clock.sleep(60)
    },
    end: (redis) => redis.call('FUNCTION', 'KILL'),
    says: 'BUSY',
  },
  'is a cluster that misses slots and wants all': {
    options: ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'yes'],
    async prepare(_, redis) {
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
      await eventually(async () => String(await redis.cluster('INFO')).includes('cluster_state:ok'))
    },
    async begin(redis) {
      // Nothing is there: that of `x` is 16287.
      await redis.call('CLUSTER', 'DELSLOTS', '16287')
      await eventually(async () => String(await redis.cluster('INFO')).includes('cluster_state:fail'))
    },
    end: (redis) => redis.call('CLUSTER', 'ADDSLOTS', '16287'),
    says: 'CLUSTERDOWN',
  },
  'is slow': {
    options: ['--enable-debug-command', 'yes'],
    async begin(redis) {
      redis.call('DEBUG', 'SLEEP', '0.7').catch(() => undefined)
    },
    end: async () => undefined,
  },
}

function append({ mailboxes }: Store, eventId: string) {
  const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: 1 }
  return mailboxes.append({ ...USER, event, eventsMax: 1e3, bytesMax: 1e6 })
}

/** As where a service runs: one that is refused for long, one that waits for a moment, and all in their order. */
async function meet({ options = [], prepare, begin, end, says }: Trouble): Promise<void> {
  const cluster = options.includes('--cluster-enabled') ? ['--cluster-port', String(await freePort())] : []
  const server = await RedisServer.start(...options, ...cluster)
  const redis = new Redis(server.port)
  redis.on('error', () => {})
  const lines: string[] = []
  const say = (line: string, fields: object) => void lines.push(`${line} ${Object.values(fields).join(' ')}`)
  await prepare?.(server, redis)
  const { store } = await openEngine({
    address: { host: '127.0.0.1', port: server.port },
    ...{ partitions: 2, id: 'one', clock, log: { error: say, warn: say, info: say } },
  })
  try {
    const request = { serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0, keepAliveSeconds: 600 }
    await store.registrations.register({ ...USER, userEndpointId: 'phone', ...request }, 5)
    lines.length = 0
    await begin(redis, server)
    if (says !== undefined) {
      await assert.rejects(append(store, 'given up'), isRefused)
      await eventually(async () => store.failure()?.startsWith(says) === true)
    }
    const waiting = Promise.all([append(store, 'first'), append(store, 'second')])
    if (says !== undefined) await clock.sleep(100)
    await end(redis, server)
    const accepted = (await waiting).map(({ accepted: [one] }) => one?.sequence ?? 0)
    assert.ok((accepted[0] ?? 0) < (accepted[1] ?? 0), 'in their order')
    assert.equal((await store.totals()).mailboxEvents, 2, 'what was refused was not done')
    if (says === undefined) return assert.deepEqual(lines, [])
    await eventually(async () => store.failure() === undefined && lines.length > 1)
    assert.equal(lines.length, 2, lines.join('\n'))
    assert.match(lines[0] ?? '', new RegExp(`^Redis refuses what it is asked ${says}`))
    assert.equal(lines[1], `Redis takes again what it had refused ${says}`)
  } finally {
    await store.close()
    redis.disconnect()
    await server.close()
  }
}

describe('a Redis that refuses for now', { skip: NO_REDIS ?? false, concurrency: true }, () => {
  for (const [name, trouble] of Object.entries(TROUBLES))
    it(`and ${name}: 503 after two seconds, one line, and everything afterwards`, () => meet(trouble))
})
