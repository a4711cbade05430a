import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { eventually } from '../../../../test/helpers/redis-cluster.ts'
import { RedisSentinels } from '../../../../test/helpers/redis-sentinels.ts'
import { NO_REDIS } from '../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../clock/clock.ts'
import { entriesOf } from '../contract/entries.ts'
import type { Store } from '../store.ts'
import { type OpenEngineOptions, openEngine } from './assembly.ts'

const USER = { organizationId: 'acme', userId: 'alice' }
const clock = systemClock()

function append({ mailboxes }: Store, eventId: string) {
  const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: clock.wallMs() }
  return mailboxes.append({ ...USER, event, eventsMax: 1e6, bytesMax: 1e9 })
}

async function register({ registrations }: Store) {
  const request = { serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0, keepAliveSeconds: 600 }
  const outcome = await registrations.register({ ...USER, userEndpointId: 'phone', ...request }, 5)
  assert(outcome.kind === 'registered')
  return outcome.registration
}

/** On a busy machine a replica may be late, which is told as undecided: a device then registers again. */
async function registered(store: Store) {
  let registration: Awaited<ReturnType<typeof register>> | undefined
  await eventually(async () => {
    registration = await register(store)
    return true
  })
  assert(registration !== undefined)
  return registration
}

describe('a Redis that sentinels watch', { skip: NO_REDIS ?? false }, () => {
  let sentinels: RedisSentinels
  let stores = 0
  const lines: string[] = []
  before(async () => {
    sentinels = await RedisSentinels.start()
  })
  after(() => sentinels?.close())
  // Also where a test fails: the next one begins with a primary that has its replica.
  afterEach(() => sentinels.settled())

  async function withStore(
    run: (store: Store) => Promise<void>,
    wanted: Partial<OpenEngineOptions> = {},
  ): Promise<void> {
    const say = (line: string) => void lines.push(line)
    lines.length = 0
    const { store } = await openEngine({
      address: { addresses: sentinels.addresses, master: sentinels.name },
      ...{ prefix: `s${stores++}:`, partitions: 4, id: 'one', clock, replicas: 1 },
      log: { error: say, warn: say, info: say },
      ...wanted,
    })
    try {
      await run(store)
    } finally {
      await store.close()
    }
  }

  it('is followed when they pass it to its replica by hand, with nothing lost', async () => {
    await withStore(async (store) => {
      const registration = await registered(store)
      const done: string[] = []
      let isOver = false
      const sending = (async () => {
        for (let count = 0; !isOver; count++) {
          const isDone = await append(store, `e-${count}`).then(
            () => true,
            () => false,
          )
          if (isDone) done.push(`e-${count}`)
          else await clock.sleep(5)
        }
      })()
      await clock.sleep(100)
      await sentinels.failOver()
      const before = done.length
      await eventually(async () => done.length > before + 20)
      isOver = true
      await sending
      const ids = (await entriesOf(store, registration, 0, 100_000)).map(({ eventId }) => eventId)
      const there = new Set(ids)
      assert.deepEqual(
        done.filter((id) => !there.has(id)),
        [],
      )
      assert.equal(there.size, ids.length)
      assert.ok(lines.some((line) => line.includes('passed partitions to others')))
    })
  })

  it('is followed when it dies, and one that comes back is not written to', async () => {
    await withStore(
      async (store) => {
        const registration = await registered(store)
        const old = await sentinels.primary()
        await old.kill()
        const since = clock.monotonicMs()
        await eventually(async () => (await append(store, 'after')).accepted.length === 1)
        assert.ok(clock.monotonicMs() - since < 10_000)
        await old.start()
        assert.equal((await append(store, 'later')).accepted.length, 1)
        // The sentinel that is asked may hear of it after the store, which hears of it from any.
        await eventually(async () => (await sentinels.primary()) !== old)
        // By now the old one has what the new one has: what had been written to it would be gone.
        await sentinels.settled()
        const ids = (await entriesOf(store, registration, 0, 100_000)).map(({ eventId }) => eventId)
        assert.deepEqual(ids.slice(-2), ['after', 'later'])
      },
      { replicas: 0 },
    )
  })

  it('is found although a sentinel is away, or asks for a password', async () => {
    const [first, second] = sentinels.sentinels
    first?.freeze()
    const asked = new Redis(second?.port ?? 0)
    await asked.config('SET', 'requirepass', 'secret').catch(() => undefined)
    try {
      await withStore(async (store) => {
        await registered(store)
        assert.equal((await append(store, 'x')).accepted.length, 1)
      })
    } finally {
      first?.thaw()
      asked.disconnect()
    }
  })

  it('of a name that they do not know is waited for', async () => {
    const opening = withStore(async () => {}, {
      address: { addresses: sentinels.addresses, master: 'other' },
    })
    const opened = await Promise.race([opening.then(() => 'open'), clock.sleep(700)])
    assert.equal(opened, undefined)
    assert.deepEqual(lines, ['Redis cannot be reached'])
    const redis = new Redis(sentinels.sentinels[0]?.port ?? 0)
    await redis.call(
      'SENTINEL',
      'MONITOR',
      'other',
      '127.0.0.1',
      String((await sentinels.primary()).port),
      '1',
    )
    await opening
    redis.disconnect()
  })
})
