import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { NO_REDIS, RedisServer } from '../../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../../clock/clock.ts'
import { type Reached, reachFor } from '../assembly.ts'
import { list, number, text } from '../connection/answers.ts'
import { refused } from '../connection/refusals.ts'
import { Outboxes } from './outboxes.ts'

const PARTITIONS = 4
/** Of what happened. */
const SOURCE = 0
const MUCH = Number.MAX_SAFE_INTEGER
const BOUNDS = {
  ...{ organizationEntriesMax: MUCH, organizationBytesMax: MUCH, entriesMax: MUCH, deadLettersMax: MUCH },
}

describe('the outbox of a partition', { skip: NO_REDIS ?? false }, () => {
  let server: RedisServer
  let reached: Reached
  let stores = 0
  before(async () => {
    server = await RedisServer.start()
  })
  after(() => server?.close())

  /** Two organizations whose feeds are in different partitions, one of which takes nothing when the test says so. */
  async function scene() {
    const address = { host: '127.0.0.1', port: server.port }
    reached = reachFor({
      ...{ address, prefix: `outbox-${stores++}:`, partitions: PARTITIONS, id: 'one', clock: systemClock() },
    })
    await reached.reach.open()
    const { functions, partitions } = reached
    for (const partition of [-1, ...partitions.all])
      await functions.call('quick', 'wake', partition, [PARTITIONS, 0, 0, 0])
    const [away = '', near = ''] = [1, 2].map(
      (partition) =>
        ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'].find(
          (name) => partitions.of(name) === partition,
        ) ?? '',
    )
    const rows = [away, near].flatMap((name) => [name, ',SignInLockedEvent,', '/hook/'])
    for (const name of [away, near])
      await functions.call('durable', 'hook_add', partitions.of(name), [name, 'hook'])
    await functions.call('durable', 'feed_watch', SOURCE, ['one', 'digest', ...rows])
    const down = new Set<number>()
    const refusing = new Set<number>()
    const looks = { count: 0, onLook: () => {} }
    const call: typeof functions.call = (lane, name, partition, ...rest) => {
      if (name === 'outbox_peek' && partition === SOURCE) {
        looks.count++
        looks.onLook()
      }
      if (name === 'feed_push' && refusing.has(partition)) throw refused('full')
      return functions.call(lane, name, partition, ...rest)
    }
    const known = { feed: { total: 0, largest: () => undefined } }
    const outboxes = new Outboxes({ call }, partitions, known, BOUNDS, {
      isUp: (partition) => !down.has(partition),
      onMoved: () => undefined,
    })
    let told = 0
    return {
      ...{ away, near, down, refusing, outboxes, looks, partitionOf: (name: string) => partitions.of(name) },
      /** So many things happen, one after the other. */
      async tell(organizationId: string, count: number): Promise<void> {
        for (let number = 0; number < count; number++)
          await functions.call('quick', 'feed_note', SOURCE, [organizationId, `user-${told++}`])
        outboxes.hasMore(SOURCE)
      },
      async feedOf(organizationId: string): Promise<readonly string[]> {
        const args = [organizationId, 0, 5_000]
        const all = list(await functions.call('quick', 'feed_read', partitions.of(organizationId), args))
        assert.deepEqual(
          all.map((row) => number(list(row)[0])),
          all.map((row) => number(list(row)[0])).toSorted((one, other) => one - other),
        )
        return all.map((row) => text(list(row)[4]))
      },
    }
  }

  const users = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => `user-${from + index}`)

  for (const [how, isRefusing] of [
    ['is away', false],
    ['takes nothing', true],
  ] as const)
    it(`of an organization whose part of the store ${how} keeps the others waiting for nothing`, async (t) => {
      const { away, near, down, refusing, outboxes, looks, partitionOf, tell, feedOf } = await scene()
      t.after(() => reached.close())
      const empty = () =>
        isRefusing ? assert.rejects(outboxes.empty(), { code: 'unavailable' }) : outboxes.empty()
      const trouble = isRefusing ? refusing : down
      trouble.add(partitionOf(away))
      await tell(away, 450)
      await tell(near, 3)
      await empty()
      assert.deepEqual(await feedOf(near), users(450, 3))
      // What has to stay is not gone through again each time.
      await tell(near, 2)
      await tell(away, 5)
      await tell(near, 1)
      looks.count = 0
      await empty()
      assert.deepEqual(await feedOf(near), [...users(450, 5), 'user-460'])
      assert.ok(looks.count <= 2, `${looks.count}`)
      assert.deepEqual(await feedOf(away), [])
      // It gets all of it, in order.
      trouble.clear()
      await outboxes.empty()
      assert.deepEqual(await feedOf(away), [...users(0, 450), ...users(455, 5)])
      assert.deepEqual(await feedOf(near), [...users(450, 5), 'user-460'])
    })

  it('gives nobody what came later before what came earlier, where a part comes back under way', async (t) => {
    const { away, down, outboxes, looks, partitionOf, tell, feedOf } = await scene()
    t.after(() => reached.close())
    down.add(partitionOf(away))
    await tell(away, 450)
    // It is there again once the first entries have been passed over.
    looks.onLook = () => {
      if (looks.count === 2) down.clear()
    }
    await outboxes.empty()
    assert.deepEqual(await feedOf(away), [])
    await outboxes.empty()
    assert.deepEqual(await feedOf(away), users(0, 450))
  })
})
