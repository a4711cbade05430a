import type { HeldLink, NeighbourStore } from '../../store.ts'
import { list, number, optional, text } from '../connection/answers.ts'
import { AWAY, refused } from '../connection/refusals.ts'
import type { Answer } from '../connection/wire.ts'
import type { Engine } from '../engine.ts'
import { toRegistrationKey } from '../registrations/rows.ts'

/** Links of a dead process that are told of in one step. */
const BURIED_MAX = 500

export function redisNeighbours(engine: Engine): NeighbourStore {
  const { functions, partitions, births, self } = engine
  return {
    // Where it never had a link, it was told of none. One part that is away does not keep what the others tell.
    async told() {
      functions.assertOpen()
      const counts = await Promise.all(
        [...engine.attached].map(async (partition) => [partition, await countOf(partition)] as const),
      )
      return new Map(counts)
    },
    partOf: (user) => partitions.ofUser(user),
    async held(partition) {
      return list(await functions.call('quick', 'held', partition, [self()])).map(toHeld)
    },
    // One that is away keeps nobody from what is in the others; whoever asked asks again.
    async bury(node) {
      const buried = await Promise.allSettled(partitions.all.map((partition) => buryIn(partition, node)))
      for (const one of buried) if (one.status === 'rejected') throw one.reason
    },
  }

  async function countOf(partition: number): Promise<number | undefined> {
    if (!engine.isUp(partition)) return undefined
    try {
      const [birth, count] = list(await functions.call('quick', 'told', partition, [self()]))
      births.seen(partition, text(birth))
      return number(count)
    } catch {
      return undefined
    }
  }

  async function buryIn(partition: number, node: string): Promise<void> {
    if (!engine.isUp(partition)) throw refused(AWAY)
    while (number(await functions.call('quick', 'bury', partition, [node, BURIED_MAX])) > 0);
  }
}

function toHeld(answer: Answer): HeldLink {
  const [, , , , linkId, newest] = list(answer)
  return {
    registration: toRegistrationKey(answer),
    linkId: number(linkId),
    newestSequence: optional(newest, number),
  }
}
