import type { Lab, RedisSubject, Subject } from '../../lab/lab.ts'
import type { Redis } from '../../lab/redis.ts'
import { type Amounts, type Case, type Figures, scaled } from '../case.ts'
import { openServer, registerEndpoints } from '../devices.ts'

const FEW = 100_000
const MANY = 1_000_000
const LINKS = 2_000

export const memory: Case = {
  name: 'redis-memory',
  title: 'Memory of Redis (used_memory), one endpoint of each user, ids as long as phones have them',
  measures: [
    { name: (many) => `a registration, of ${many(FEW)}`, unit: 'bytes', target: { atMost: 750 } },
    { name: (many) => `a registration, of ${many(MANY)}`, unit: 'bytes', target: { atMost: 750 } },
    { name: (many) => `a link besides, of ${many(LINKS)}`, unit: 'bytes' },
  ],
  hasReference: false,
  onRedis: 'only',
  isLong: true,
  users: (amounts) => scaled(LINKS, amounts),
  async run(lab, subject, amounts) {
    return [...(await ofRegistrations(lab, onRedis(subject), amounts)), await ofLink(lab, subject, amounts)]
  },
}

function onRedis(subject: Subject): RedisSubject {
  if (subject === 'redis' || subject === 'redis-cluster') return subject
  throw new Error(`${subject} has no Redis`)
}

async function ofRegistrations(lab: Lab, subject: RedisSubject, amounts: Amounts): Promise<Figures> {
  await using redis = await lab.startRedis(subject)
  // With what is there once: the functions, the partitions, and whoever fills it.
  await lab.fillRedis(redis, 1)
  const before = await redis.usedBytes()
  const figures: number[] = []
  for (const count of [FEW, MANY].map((all) => scaled(all, amounts))) {
    await lab.fillRedis(redis, count)
    figures.push(((await redis.usedBytes()) - before) / (count - 1))
  }
  return figures
}

async function ofLink(lab: Lab, subject: Subject, amounts: Amounts): Promise<number> {
  const links = scaled(LINKS, amounts)
  await using opened = await openServer(lab, subject)
  const { server } = opened
  await registerEndpoints(lab, server, links)
  const before = await usedBytes(server.redis)
  await using receiver = lab.startReceiver()
  await lab.connect(receiver, server, { links, stride: 1, endpointsPerUser: 1 })
  return ((await usedBytes(server.redis)) - before) / links
}

function usedBytes(redis: Redis | undefined): Promise<number> {
  if (redis === undefined) throw new Error('there is no Redis')
  return redis.usedBytes()
}
