import type { Clock } from '../../../clock/clock.ts'
import type { Put } from '../../move/items.ts'
import type { MoveSource } from '../../move/move.ts'
import type { Highest } from '../../move/stream-writer.ts'
import { type ConnectOptions, type Reached, reachFor } from '../assembly.ts'
import { number, text } from '../connection/answers.ts'
import { CONTROL } from '../connection/partitions.ts'
import { SetupError } from '../connection/setup.ts'
import { Outboxes } from '../feed/outboxes.ts'
import { readMeta, settleMeta } from '../meta.ts'
import { whoServes } from '../take-up.ts'
import { PartitionReader, type Reading } from './partition-reader.ts'
import { sendBooks } from './source-books.ts'
import { sendControl } from './source-control.ts'
import { sendFeeds } from './source-feeds.ts'
import { sendHistory } from './source-history.ts'
import { sendUsers } from './source-users.ts'

/**
 * A Redis that no process serves, to be exported. What waited to be told to webhooks is moved to where the rest of it is;
 * nothing else is written.
 *
 * @throws SetupError where Redis, or what is in it, cannot be used, or a process serves it
 */
export async function redisSource(options: ConnectOptions): Promise<MoveSource> {
  const reached = reachFor(options)
  try {
    await reached.reach.open()
    await assertUnserved(reached, options.wireClock ?? options.clock)
    return sourceOf(reached, options)
  } catch (error) {
    reached.close()
    throw error
  }
}

function sourceOf(
  reached: Reached,
  { fingerprints = [], clock, wireClock = clock }: ConnectOptions,
): MoveSource {
  const { functions, partitions, close } = reached
  const readers = partitions.all.map((partition) => new PartitionReader(functions, partition))
  return {
    async highest() {
      if ((await readMeta(functions)).size === 0) return undefined
      await settleMeta(functions, { partitions: partitions.count, fingerprints })
      return highestOf(readers, partitions.count)
    },
    async send(put: Put) {
      const before = await momentsOf(readers)
      await emptyOutboxes(reached)
      const reading: Reading = { functions, partitions, readers, wallMs: clock.wallMs() }
      await sendControl(reading, put)
      await sendBooks(reading, put)
      await sendFeeds(reading, put)
      await sendHistory(reading, put)
      for (const reader of readers) await sendUsers(reader, put)
      const after = await momentsOf(readers)
      if (after.every((moment, index) => moment === before[index])) return
      await assertUnserved(reached, wireClock)
      throw new SetupError('A process has served this store meanwhile. Stop all of them, and export again.')
    },
    close: async () => close(),
  }
}

/** @throws SetupError naming the processes that serve the store, where some do */
export async function assertUnserved({ functions, partitions }: Reached, clock: Clock): Promise<void> {
  await functions.call('quick', 'wake', CONTROL, [partitions.count, 0, 0, 0])
  const names = await whoServes(functions, clock)
  if (names.length === 0) return
  throw new SetupError(
    `The store in this Redis is in use by ${listOf(names)}. Stop every process of the service, then run this again.`,
  )
}

/** As `NODE_NAME` has them. */
function listOf(names: readonly string[]): string {
  return `${names.length === 1 ? 'process' : 'processes'} ${names.join(', ')}`
}

/** The time of each partition, which only whoever serves it lets go on. */
async function momentsOf(readers: readonly PartitionReader[]): Promise<readonly string[]> {
  const all = await Promise.all(readers.map((reader) => reader.all('last')))
  return all.map((last) => text(last[3]))
}

async function highestOf(readers: readonly PartitionReader[], partitions: number): Promise<Highest> {
  const all = await Promise.all(readers.map((reader) => reader.all('last')))
  const highest = (place: number) => Math.max(...all.map((last) => number(last[place])))
  // An id is its number in the partition times their number, and the partition.
  const idOf = (place: number) => (highest(place) + 1) * partitions
  return { sequence: highest(0), registrationId: idOf(1), recordId: idOf(2) }
}

/** Nobody is told less, and no bound is kept that a server keeps when it starts. */
async function emptyOutboxes({ functions, partitions }: Reached): Promise<void> {
  const max = Number.MAX_SAFE_INTEGER
  const bounds = {
    organizationEntriesMax: max,
    organizationBytesMax: max,
    entriesMax: max,
    deadLettersMax: max,
  }
  const known = { feed: { total: 0, largest: () => undefined } }
  await new Outboxes(functions, partitions, known, bounds, {
    isUp: () => true,
    onMoved: () => undefined,
  }).empty()
}
