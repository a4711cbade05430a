import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../clock/clock.ts'
import type { Store } from '../store.ts'
import { type OpenEngineOptions, openEngine } from './assembly.ts'
import { SetupError } from './connection/setup.ts'

const USER = { organizationId: 'acme', userId: 'alice' }
const PHONE = { ...USER, userEndpointId: 'phone' }
const LARGE = 'x'.repeat(100_000)
const isUnavailable = { code: 'unavailable' }

function register({ registrations }: Store, keepAliveSeconds = 600, userEndpointId = 'phone') {
  const request = { serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0, keepAliveSeconds }
  return registrations.register({ ...USER, userEndpointId, ...request }, 5)
}

function append({ mailboxes }: Store, text: string) {
  const event = { eventId: 'e', payload: Buffer.from(text), sealed: false, acceptedAtWallMs: 1 }
  return mailboxes.append({ ...USER, event, eventsMax: 1e6, bytesMax: 1e9 })
}

async function eventually(isThere: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isThere().catch(() => false)) return
    await systemClock().sleep(50)
  }
  assert.fail('It does not come about.')
}

describe('a Redis in trouble', { skip: NO_REDIS ?? false }, () => {
  let server: RedisServer
  let prefixes = 0
  const lines: string[] = []
  before(async () => {
    server = await RedisServer.start('--maxmemory', '60mb', '--repl-diskless-sync-delay', '0')
  })
  after(() => server?.close())

  function options(wanted: Partial<OpenEngineOptions> = {}): OpenEngineOptions {
    const log = {
      error: (line: string) => void lines.push(line),
      warn: (line: string) => void lines.push(line),
      info: (line: string) => void lines.push(line),
    }
    return {
      address: { host: '127.0.0.1', port: server.port },
      ...{ prefix: `p${prefixes}:`, partitions: 4, id: 'one', clock: systemClock(), log },
      ...wanted,
    }
  }

  /** Opens one of its own, and closes it in the end. */
  async function withStore(
    run: (store: Store, redis: Redis) => Promise<void>,
    wanted: Partial<OpenEngineOptions> = {},
  ): Promise<void> {
    prefixes++
    const redis = new Redis(server.port)
    redis.on('error', () => {})
    const { store } = await openEngine(options(wanted))
    try {
      await run(store, redis)
    } finally {
      await store.close()
      redis.disconnect()
    }
  }

  it('that is down at the start is waited for', async () => {
    await server.kill()
    const opening = openEngine(options())
    await systemClock().sleep(700)
    await server.start()
    const { store } = await opening
    assert.equal((await register(store)).kind, 'registered')
    await store.close()
  })

  it('that hangs is left within its deadline: undecided where it may have done it, and again afterwards', async () => {
    await withStore(async (store) => {
      await register(store)
      server.freeze()
      const since = systemClock().monotonicMs()
      await assert.rejects(append(store, 'x'), { ...isUnavailable, isUndecided: true })
      assert.ok(systemClock().monotonicMs() - since < 4_000)
      assert.notEqual(store.failure(), undefined)
      await assert.rejects(append(store, 'y'), { ...isUnavailable, isUndecided: false })
      const draft = {
        ...USER,
        eventId: 'late',
        type: 'X',
        qos: 0,
        senderId: 'b',
        event: Buffer.from('{}'),
      } as const
      store.history.add({ ...draft, acceptedAtWallMs: systemClock().wallMs() }, [])
      await systemClock().sleep(2_600)
      server.thaw()
      await eventually(async () => (await append(store, 'z')).accepted.length === 1)
      assert.equal(store.failure(), undefined)
      await eventually(async () => (await store.history.find('late', {})) !== undefined)
    })
  })

  it('that is full refuses what adds, and takes what frees or keeps alive', async () => {
    await withStore(async (store) => {
      lines.length = 0
      const registered = await register(store)
      assert(registered.kind === 'registered')
      const { registration } = registered
      await register(store, 1, 'soon over')
      let last = 0
      await assert.rejects(
        async () => {
          for (;;) last = (await append(store, LARGE)).accepted[0]?.sequence ?? 0
        },
        { ...isUnavailable, isUndecided: false },
      )
      assert.deepEqual(store.warnings(), ['disk_full'])
      assert.equal(lines.filter((line) => line.startsWith('Redis is full')).length, 1)
      assert.notEqual(await store.registrations.keepalive(PHONE, undefined), undefined)
      const bounds = { eventsMax: 1, bytesMax: 1 }
      const ended = await store.mailboxes.end(
        [{ registration, sequence: last, eventId: 'e' }],
        'acknowledged',
        bounds,
      )
      assert.equal(ended.ended.length, 1)
      await eventually(async () => (await store.sweep(9)).expired.length === 1)
      assert.notEqual(await store.registrations.unregister(PHONE), undefined)
      assert.equal((await register(store)).kind, 'registered', 'there is room again')
    })
  })

  it('that has lost its functions gets them again', async () => {
    await withStore(async (store, redis) => {
      await register(store)
      await redis.call('FUNCTION', 'FLUSH')
      assert.equal((await append(store, 'x')).accepted.length, 1)
    })
  })

  it('that was flushed says so, begins anew, and takes devices and webhooks as before', async () => {
    await withStore(async (store, redis) => {
      const hook = { organizationId: 'acme', webhookId: 'h' }
      const types = new Set(['UserEndpointRegisteredEvent'] as const)
      await store.feed.watch([{ organizationId: 'acme', types, webhookIds: ['h'] }])
      await register(store)
      await append(store, 'x')
      lines.length = 0
      await redis.call('FLUSHALL')
      assert.equal(await store.registrations.keepalive(PHONE, undefined), undefined)
      assert.equal((await register(store)).kind, 'registered')
      assert.equal((await append(store, 'x')).accepted.length, 1)
      assert.ok(lines.some((line) => line.includes('what it held is lost')))
      await eventually(async () => (await store.webhooks.position(hook)) !== undefined)
      await store.registrations.unregister(PHONE)
      await eventually(async () => {
        await register(store)
        await store.registrations.unregister(PHONE)
        return (await store.feed.read('acme', 0, 9)).length > 0
      })
      assert.equal(store.gauges.mailboxDiskBytes(), 0)
      const fields = await redis.call('HGET', `p${prefixes}:{ctl}:meta`, 'partitions')
      assert.equal(fields, '4')
    })
  })

  it('with another password, partition count, format or sealing key is refused with the way out', async () => {
    await withStore(async (store, redis) => {
      await register(store)
      const base = { fingerprints: ['new', 'old'] }
      await assert.rejects(openEngine(options({ partitions: 8 })), SetupError)
      await redis.call('HSET', `p${prefixes}:{ctl}:meta`, 'sealing', 'other')
      await assert.rejects(openEngine(options(base)), /SEALING_KEY/)
      await redis.call('HSET', `p${prefixes}:{ctl}:meta`, 'sealing', 'old', 'format', '9')
      await assert.rejects(openEngine(options(base)), /format 9/)
      await redis.call('CONFIG', 'SET', 'requirepass', 'secret')
      try {
        await assert.rejects(openEngine(options()), /password/)
        const address = { host: '127.0.0.1', port: server.port, password: 'wrong' }
        await assert.rejects(openEngine(options({ address })), /password/)
      } finally {
        await redis.call('CONFIG', 'SET', 'requirepass', '')
      }
    })
  })

  it('that takes another password while it is used says so, and is used again once it takes ours', async () => {
    await withStore(async (store) => {
      await register(store)
      const operator = new Redis(server.port)
      await operator.call('CONFIG', 'SET', 'requirepass', 'other')
      await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      try {
        await eventually(async () => /the user or the password of REDIS_URL/.test(store.failure() ?? ''))
        await assert.rejects(append(store, 'x'), { ...isUnavailable, isUndecided: false })
      } finally {
        await operator.call('CONFIG', 'SET', 'requirepass', '')
        operator.disconnect()
      }
      await eventually(async () => (await append(store, 'y')).accepted.length === 1)
      assert.equal(store.failure(), undefined)
    })
  })

  it('that lacks replicas which it was told to wait for refuses, and what was refused was not done', async () => {
    await withStore(async (store, redis) => {
      await register(store)
      await redis.call('CONFIG', 'SET', 'min-replicas-to-write', '1')
      try {
        const refused = append(store, 'x')
        await assert.rejects(refused, { ...isUnavailable, isUndecided: false })
        const answer = append(store, 'y')
        await systemClock().sleep(100)
        await redis.call('CONFIG', 'SET', 'min-replicas-to-write', '0')
        assert.equal((await answer).accepted.length, 1, 'soon enough')
      } finally {
        await redis.call('CONFIG', 'SET', 'min-replicas-to-write', '0')
      }
      assert.equal((await store.totals()).mailboxEvents, 1)
    })
  })

  it('that throws away what it is given is refused', async () => {
    const redis = new Redis(server.port)
    await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    try {
      await assert.rejects(openEngine(options()), /maxmemory-policy noeviction/)
    } finally {
      await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      redis.disconnect()
    }
  })

  it('that is told to throw away what it is given while it is used is used no more once that is noticed', async () => {
    await withStore(async (store, redis) => {
      await register(store)
      await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
      try {
        await eventually(async () => /maxmemory-policy noeviction/.test(store.failure() ?? ''))
        await assert.rejects(append(store, 'x'), { ...isUnavailable, isUndecided: false })
      } finally {
        await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      }
      await eventually(async () => (await append(store, 'y')).accepted.length === 1)
    })
  })

  it('is waited for at the start until it has its replicas, and counts nothing as durable that too few have', async () => {
    const replicaOptions = [
      '--replicaof',
      '127.0.0.1',
      String(server.port),
      '--repl-diskless-sync-delay',
      '0',
    ]
    lines.length = 0
    const opening = openEngine(options({ replicas: 1 }))
    const opened = await Promise.race([opening.then(() => 'open'), systemClock().sleep(800)])
    assert.deepEqual(
      [opened, lines.filter((line) => line.includes('cannot be reached')).length],
      [undefined, 1],
    )
    const first = await RedisServer.start(...replicaOptions)
    const { store } = await opening
    await first.close()
    await eventually(async () => {
      await assert.rejects(register(store), { ...isUnavailable, isUndecided: true })
      return true
    })
    assert.equal((await store.totals()).registrations, 1, 'it may come about all the same')
    const second = await RedisServer.start(...replicaOptions)
    await eventually(async () => (await append(store, 'x')).accepted.length === 1)
    await store.close()
    await second.close()
  })
})
