import assert from 'node:assert/strict'
import { it } from 'node:test'
import { eventually } from '../../../../test/helpers/redis-cluster.ts'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../clock/clock.ts'
import { connectRedis } from './redis.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }

it('processes whose clocks differ by six seconds expire nobody early, keep the order, and say whose clock is wrong', {
  skip: NO_REDIS ?? false,
}, async () => {
  const server = await RedisServer.start()
  const clock = systemClock()
  const open = async (name: string, skewMs: number) => {
    const lines: string[] = []
    const say = (line: string, { bySeconds }: { bySeconds?: number }) =>
      void (line.includes('differs from Redis') && lines.push(`${Math.round(bySeconds ?? 0)}`))
    const connection = await connectRedis({
      ...{ url: `redis://127.0.0.1:${server.port}`, name, id: name, partitions: 1 },
      clock: { ...clock, wallMs: () => clock.wallMs() + skewMs },
      log: { error: () => {}, warn: say, info: () => {} },
    })
    const { store } = await connection.openStore({})
    await connection.table.join(name)
    return { store, lines, beat: () => connection.table.beat(name) }
  }
  const [ahead, behind] = [await open('ahead', 3_000), await open('behind', -3_000)]
  try {
    const request = { serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0, keepAliveSeconds: 1 }
    const register = ({ store }: typeof ahead, userEndpointId: string) =>
      store.registrations.register({ ...ALICE, userEndpointId, ...request }, 5)
    const sinceMs = clock.monotonicMs()
    await Promise.all([register(ahead, 'a'), register(behind, 'b')])
    const expired: number[] = []
    await eventually(async () => {
      const swept = await Promise.all([ahead.store.sweep(9), behind.store.sweep(9)])
      for (const { expired: some } of swept) for (const _ of some) expired.push(clock.monotonicMs() - sinceMs)
      return expired.length === 2
    })
    for (const afterMs of expired) assert.ok(afterMs >= 1_000, `${afterMs} ms: early`)
    await Promise.all([register(ahead, 'a'), ahead.beat(), behind.beat()])
    const sequences: number[] = []
    for (const { store } of [ahead, behind, ahead, behind]) {
      const event = {
        eventId: 'e',
        payload: Buffer.from('x'),
        sealed: false,
        acceptedAtWallMs: clock.wallMs(),
      }
      const { accepted } = await store.mailboxes.append({ ...ALICE, event, eventsMax: 9, bytesMax: 999 })
      sequences.push(accepted[0]?.sequence ?? 0)
    }
    assert.deepEqual(
      sequences,
      [...sequences].sort((a, b) => a - b),
    )
    assert.deepEqual([ahead.lines, behind.lines], [['3'], ['-3']])
  } finally {
    await Promise.all([ahead.store.close(), behind.store.close()])
    await server.close()
  }
})
