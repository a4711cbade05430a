import type { Clock } from '../../clock/clock.ts'
import { LEAST_AFTER_START_MS } from '../recovery.ts'
import type { StoreLog } from '../store-log.ts'
import { isYes, list, number, text } from './connection/answers.ts'
import type { Functions } from './connection/functions.ts'
import { CONTROL, type Partitions } from './connection/partitions.ts'
import type { Answer } from './connection/wire.ts'
import type { Known } from './known.ts'
import { settleMeta } from './meta.ts'

/** How often it is looked whether another process has gone, milliseconds. */
const LOOK_AGAIN_MS = 500

export type TakingUp = {
  readonly functions: Functions
  readonly partitions: Partitions
  readonly known: Known
  readonly fingerprints: readonly string[]
  readonly holder: string
  readonly holdMs: number
  readonly wireClock: Clock
  readonly log: StoreLog
}

/**
 * Begins a new store, or takes one up where the process before left it.
 *
 * @returns the time there, and the wall clock's earliest time when it was heard of last
 * @throws SetupError where it is not one that can be used
 */
export async function takeUp(given: TakingUp): Promise<{
  readonly startMs: number
  readonly earliestWallMs: number | undefined
}> {
  const { functions, partitions, known, fingerprints } = given
  await hold(given)
  const startMs = await wake(functions, partitions, CONTROL, known)
  const meta = await settleMeta(functions, { partitions: partitions.count, fingerprints })
  await Promise.all(partitions.all.map((partition) => wake(functions, partitions, partition, known)))
  return { startMs, earliestWallMs: meta.earliestWallMs }
}

/** Takes a partition up. Returns its time. */
async function wake(
  functions: Functions,
  partitions: Partitions,
  partition: number,
  known: Known,
): Promise<number> {
  const args = [partitions.count, Math.max(0, partition), LEAST_AFTER_START_MS]
  const [totals, history, keys, claims, nowMs, feed] = list(
    await functions.call('quick', 'wake', partition, args),
  )
  for (const [organizationId, , events, bytes] of list(totals).map(list))
    known.setTotals(partition, text(organizationId), number(events), number(bytes))
  for (const [organizationId, bytes] of pairs(history))
    known.history.set(partition, text(organizationId), number(bytes))
  for (const [owner, count] of pairs(keys)) known.owners.set(text(owner), number(count))
  for (const [organizationId, count] of pairs(feed))
    known.feed.set(partition, text(organizationId), number(count))
  known.setClaims(partition, number(claims))
  return number(nowMs)
}

function pairs(answer: Answer | undefined): readonly (readonly [Answer | undefined, Answer | undefined])[] {
  const rows = list(answer)
  return Array.from({ length: rows.length / 2 }, (_, index) => [rows[2 * index], rows[2 * index + 1]])
}

/** One process at a time: whoever had it and is silent is waited for. */
async function hold({ functions, holder, holdMs, wireClock, log }: TakingUp): Promise<void> {
  for (let isTold = false; ; isTold = true) {
    if (isYes(await functions.call('quick', 'hold', CONTROL, [holder, holdMs]))) return
    if (!isTold)
      log.warn('Another process has the store in Redis, or had it a moment ago; waiting until it is free', {})
    await wireClock.sleep(LOOK_AGAIN_MS)
  }
}
