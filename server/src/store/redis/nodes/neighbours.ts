import type { HeldLink, NeighbourStore } from '../../store.ts'
import { list, number, optional, text } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import type { Engine } from '../engine.ts'
import { toRegistrationKey } from '../registrations/rows.ts'

/** Links of a dead process that are told of in one step. */
const BURIED_MAX = 500

export function redisNeighbours(engine: Engine): NeighbourStore {
  const { functions, partitions, births, self } = engine
  return {
    // Where it never had a link, it was told of none.
    async told() {
      functions.assertOpen()
      const counts = new Map<number, number>()
      await Promise.all(
        [...engine.attached].map(async (partition) => {
          const [birth, count] = list(await functions.call('quick', 'told', partition, [self()]))
          births.seen(partition, text(birth))
          counts.set(partition, number(count))
        }),
      )
      return counts
    },
    async held() {
      functions.assertOpen()
      const parts = await Promise.all(
        [...engine.attached].map((partition) => functions.call('quick', 'held', partition, [self()])),
      )
      return parts.flatMap((part) => list(part).map(toHeld))
    },
    async bury(node) {
      await Promise.all(
        partitions.all.map(async (partition) => {
          while (number(await functions.call('quick', 'bury', partition, [node, BURIED_MAX])) > 0);
        }),
      )
    },
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
