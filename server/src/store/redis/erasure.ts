import { senderScope } from '../sender-scope.ts'
import type { ErasureStore, UserKey } from '../store.ts'
import { list, number, optional, text } from './connection/answers.ts'
import { atName, atUser, type Engine } from './engine.ts'

/** Rows looked at in one step. */
const LOOKED_MAX = 500

type Rest = () => Promise<void>

/** The steps are Redis's, which others wait for no longer than for each. */
const noRest: Rest = async () => undefined

/** A step in each partition: what others were sent is wherever they are. */
export function redisErasure(engine: Engine): ErasureStore {
  return {
    async erase(user, rest = noRest) {
      await rest()
      const { organizationId, userId } = user
      const names = [organizationId, userId]
      await engine.outboxes.empty()
      const own = list(await atUser(engine, 'durable', 'erase_user', user, names)).map(number)
      const [registrations = 0, mailboxEvents = 0, calls = 0, replies = 0, told = 0] = own
      const events = await inAll(engine, 'erase_records', user, rest)
      const sent = await inAll(engine, 'erase_calls', user, rest)
      const home = engine.partitions.of(organizationId)
      const feedEntries = await inSlices(engine, 'erase_feed', home, user, rest)
      const deadLetters = number(await atName(engine, 'durable', 'erase_letters', organizationId, names))
      return {
        ...{ registrations, mailboxEvents, events, replies, deadLetters },
        calls: calls + sent,
        feedEntries: feedEntries + told,
      }
    },
  }
}

/** In each partition. Returns how many went. */
async function inAll(engine: Engine, name: string, user: UserKey, rest: Rest): Promise<number> {
  const all = engine.partitions.all.map((partition) => inSlices(engine, name, partition, user, rest))
  return (await Promise.all(all)).reduce((sum, count) => sum + count, 0)
}

/** One step after the other, each from where the one before ended. */
async function inSlices(
  { functions }: Engine,
  name: string,
  partition: number,
  { organizationId, userId }: UserKey,
  rest: Rest,
): Promise<number> {
  const sender = senderScope({ kind: 'user', id: userId }, organizationId)
  let count = 0
  for (let from: string | undefined = '0'; from !== undefined; ) {
    const more = name === 'erase_calls' ? [] : [sender]
    const who = name === 'erase_calls' ? sender : userId
    const args: readonly (string | number)[] = [organizationId, who, from, LOOKED_MAX, ...more]
    const [next, gone] = list(await functions.call('durable', name, partition, args))
    count += number(gone)
    from = optional(next, text)
    if (from !== undefined) await rest()
  }
  return count
}
