import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Redis } from 'ioredis'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../clock/clock.ts'
import { entriesOf } from '../contract/entries.ts'
import { openEngine } from './assembly.ts'

const USER = { organizationId: 'acme', userId: 'alice' }
const clock = systemClock()

it('a Redis that reads its files is waited for, and one restored from before says what it lost and uses no id again', {
  skip: NO_REDIS ?? false,
}, async () => {
  // So long for each key that it reads: its partition and control together have a dozen.
  const server = await RedisServer.start('--key-load-delay', '30000')
  const redis = new Redis(server.port)
  redis.on('error', () => {})
  const lines: string[] = []
  let lost = 0
  const say = (line: string, fields: object) => void lines.push(`${line} ${JSON.stringify(fields)}`)
  const { store } = await openEngine({
    address: { host: '127.0.0.1', port: server.port },
    ...{ partitions: 1, id: 'one', clock, log: { error: say, warn: say, info: say } },
    onDataLost(isConcerned) {
      if (isConcerned(USER)) lost++
    },
  })
  const register = async (userEndpointId: string) => {
    const request = { serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0, keepAliveSeconds: 600 }
    const outcome = await store.registrations.register({ ...USER, userEndpointId, ...request }, 5)
    assert(outcome.kind === 'registered')
    return outcome.registration
  }
  const append = async (eventId: string) => {
    const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: clock.wallMs() }
    return (await store.mailboxes.append({ ...USER, event, eventsMax: 1e3, bytesMax: 1e6 })).accepted
  }
  const phone = await register('phone')
  await append('yesterday')
  await redis.call('SAVE')
  await clock.sleep(3_400)
  const tablet = await register('tablet')
  const [today] = await append('today')
  await server.kill()
  await server.start()

  const later = await eventually(async () => {
    const accepted = await append('after')
    return accepted[0]
  })
  assert.deepEqual(
    (await entriesOf(store, phone, 0, 10)).map(({ eventId }) => eventId),
    ['yesterday', 'after'],
  )
  assert.ok((later?.sequence ?? 0) > (today?.sequence ?? 0), 'nobody takes it for one that was sent')
  const again = await register('tablet')
  assert.notEqual(again.registrationId, tablet.registrationId)
  await eventually(async () => lost > 0 || undefined)
  assert.equal(lost, 1)
  assert.ok(lines.some((line) => line.startsWith('A part of the store is as it was before')))
  assert.ok(
    lines.some((line) => /reading what it has on disk/.test(line)) ||
      lines.some((line) => /cannot be reached/.test(line)),
  )
  await store.close()
  redis.disconnect()
  await server.close()
})

async function eventually<Result>(find: () => Promise<Result | undefined>): Promise<Result> {
  for (let tries = 0; tries < 300; tries++) {
    const found = await find().catch(() => undefined)
    if (found !== undefined) return found
    await clock.sleep(50)
  }
  throw new Error('It does not come about.')
}
