import type { ErasureStore, UserKey } from '../store.ts'
import { list, number, optional, text } from './connection/answers.ts'
import { atName, atUser, type Engine } from './engine.ts'

/** Rows looked at in one step. */
const LOOKED_MAX = 500

/** A step in each partition: what others were sent is wherever they are. */
export function redisErasure(engine: Engine): ErasureStore {
  return {
    async erase(user) {
      const { organizationId, userId } = user
      const names = [organizationId, userId]
      await engine.outboxes.empty()
      const own = list(await atUser(engine, 'durable', 'erase_user', user, names)).map(number)
      const [registrations = 0, mailboxEvents = 0, calls = 0, replies = 0, told = 0] = own
      const events = await inAll(engine, 'erase_records', user)
      const sent = await inAll(engine, 'erase_calls', user)
      const feed = list(await atName(engine, 'durable', 'erase_feed', organizationId, names)).map(number)
      const [feedEntries = 0, deadLetters = 0] = feed
      return {
        ...{ registrations, mailboxEvents, events, replies, deadLetters },
        calls: calls + sent,
        feedEntries: feedEntries + told,
      }
    },
  }
}

/** Returns how many went. */
async function inAll({ functions, partitions }: Engine, name: string, user: UserKey): Promise<number> {
  const counts = await Promise.all(
    partitions.all.map(async (partition) => {
      let count = 0
      for (let from: string | undefined = '0'; from !== undefined; ) {
        const args: readonly (string | number)[] = [user.organizationId, user.userId, from, LOOKED_MAX]
        const [next, gone] = list(await functions.call('durable', name, partition, args))
        count += number(gone)
        from = optional(next, text)
      }
      return count
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}
