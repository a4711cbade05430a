import type { MovePlace, MoveTarget, TargetOptions } from '../../move/move.ts'
import type { StoreLog } from '../../store-log.ts'
import { type ConnectOptions, type Reached, reachFor } from '../assembly.ts'
import { CONTROL } from '../connection/partitions.ts'
import { SetupError } from '../connection/setup.ts'
import { IMPORTING, readMeta, settleMeta } from '../meta.ts'
import { ROWS_TOGETHER, Router } from './router.ts'
import { assertUnserved } from './source.ts'

export type PlaceOptions = ConnectOptions & {
  /** Items that are on their way together. Default: 2,000. */
  readonly rowsTogether?: number
}

/**
 * A Redis that has no store by these names yet. Until it is filled no server opens it; an import that was cut off goes on where
 * it is run again with the same file.
 *
 * @throws SetupError where Redis cannot be used, or a process serves it
 */
export async function redisPlace(options: PlaceOptions): Promise<MovePlace> {
  const reached = reachFor(options)
  try {
    await reached.reach.open()
    await assertUnserved(reached, options.wireClock ?? options.clock)
  } catch (error) {
    reached.close()
    throw error
  }
  return {
    open: (given) => openTarget(reached, options, given),
    close: async () => reached.close(),
  }
}

async function openTarget(
  reached: Reached,
  { fingerprints = [], log, rowsTogether = ROWS_TOGETHER }: PlaceOptions,
  given: TargetOptions,
): Promise<MoveTarget> {
  const { functions, partitions } = reached
  const found = await readMeta(functions)
  const isAgain = found.get('format') === IMPORTING && found.get('importing') === given.sha256
  if (found.size > 0 && !isAgain)
    throw new SetupError(
      found.get('format') === IMPORTING
        ? 'An import of another file has not come to its end here. Run that again, or empty what begins with REDIS_PREFIX.'
        : 'There is a store in this Redis already. Import into one that is empty, or by another REDIS_PREFIX.',
    )
  await functions.call('durable', 'meta', CONTROL, ['format', IMPORTING, 'importing', given.sha256])
  await Promise.all(
    partitions.all.map((one) => functions.call('durable', 'wake', one, [partitions.count, one, 0, 0])),
  )
  const router = new Router(functions, partitions, given, rowsTogether)
  return {
    take: (item) => router.take(item),
    async finish() {
      await router.finish()
      tellUnknown(router.unknownReplies, log)
      await functions.call('durable', 'meta_clear', CONTROL, [])
      await settleMeta(functions, { partitions: partitions.count, fingerprints })
    },
  }
}

/** Rows that a former version wrote, a day ago at most, do not say whose they are, and nobody would find them here. */
function tellUnknown(replies: number, log: StoreLog | undefined): void {
  if (replies > 0) log?.warn('replies to idempotency keys of a former version were left behind', { replies })
}
