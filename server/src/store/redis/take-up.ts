import type { Clock } from '../../clock/clock.ts'
import { LEAST_AFTER_START_MS } from '../recovery.ts'
import { list, number, text } from './connection/answers.ts'
import type { Functions } from './connection/functions.ts'
import { CONTROL, type Partitions } from './connection/partitions.ts'
import type { Known } from './known.ts'
import { type Meta, settleMeta } from './meta.ts'
import type { Births } from './nodes/births.ts'
import { listNodes } from './nodes/node-rows.ts'

/** Whoever said that it is there so long ago may be; it says so again within this time, or it is not; milliseconds. */
const SERVED_WITHIN_MS = 1_500
const LOOK_EVERY_MS = 100
const LOOKED_FOR_MS = 1_000

/**
 * Begins the control partition of a new store, or finds what it is.
 *
 * @throws SetupError where it is not one that can be used
 */
export async function begin(
  functions: Functions,
  partitions: Partitions,
  fingerprints: readonly string[],
): Promise<Meta> {
  await functions.call('quick', 'wake', CONTROL, [...placeOf(partitions, CONTROL), 0])
  return settleMeta(functions, { partitions: partitions.count, fingerprints })
}

export type TakingUp = {
  readonly functions: Functions
  readonly partitions: Partitions
  readonly known: Known
  readonly births: Births
  readonly wireClock: Clock
}

/**
 * Takes all partitions up. Where nobody served them until now, time has stood, and everybody has a minute at least.
 *
 * @returns the time of the control partition
 */
export async function takeUp(given: TakingUp): Promise<number> {
  const { functions, partitions, wireClock } = given
  const isAfterStop = !(await isServed(functions, wireClock))
  const [startMs] = await Promise.all(
    [CONTROL, ...partitions.all].map((partition) => wake(given, partition, isAfterStop)),
  )
  return startMs ?? 0
}

/** Whether a process serves the store now: one that died a moment ago does not say so again. */
async function isServed(functions: Functions, clock: Clock): Promise<boolean> {
  const heardAt = (rows: Awaited<ReturnType<typeof listNodes>>) =>
    rows.filter(({ isBuried, silentMs }) => !isBuried && silentMs < SERVED_WITHIN_MS).map(({ atMs }) => atMs)
  const before = Math.max(...heardAt(await listNodes(functions)))
  const untilMs = clock.monotonicMs() + LOOKED_FOR_MS
  while (before > Number.NEGATIVE_INFINITY && clock.monotonicMs() < untilMs) {
    await clock.sleep(LOOK_EVERY_MS)
    if (Math.max(...heardAt(await listNodes(functions))) > before) return true
  }
  return false
}

/** Returns its time. */
async function wake(
  { functions, partitions, known, births }: TakingUp,
  partition: number,
  isAfterStop: boolean,
): Promise<number> {
  const args = [...placeOf(partitions, partition), isAfterStop ? 1 : 0]
  const [nowMs, birth, ...sums] = list(await functions.call('quick', 'wake', partition, args))
  births.seen(partition, text(birth))
  known.take(partition, sums)
  return number(nowMs)
}

function placeOf(partitions: Partitions, partition: number): readonly number[] {
  return [partitions.count, Math.max(0, partition), LEAST_AFTER_START_MS]
}
