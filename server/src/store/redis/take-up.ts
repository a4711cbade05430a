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

export type TakeUpOptions = {
  readonly functions: Functions
  readonly partitions: Partitions
  readonly known: Known
  readonly births: Births
  readonly wireClock: Clock
  /** Whether a partition can be reached now. */
  readonly isUp: (partition: number) => boolean
}

/**
 * Takes the partitions up: where nobody served them until now, time has stood, and everybody has a minute at least. Those that are
 * away at the start are taken up when they can be reached; until then nothing is asked of them.
 */
export class TakeUp {
  readonly #options: TakeUpOptions
  readonly #left: Set<number>
  readonly #underWay = new Set<number>()
  #isAfterStop = false

  constructor(options: TakeUpOptions) {
    this.#options = options
    this.#left = new Set([CONTROL, ...options.partitions.all])
  }

  has(partition: number): boolean {
    return !this.#left.has(partition)
  }

  /**
   * @returns the time of the control partition
   * @throws RollcallError `unavailable` where that one cannot be reached
   */
  async begin(): Promise<number> {
    const { functions, wireClock, partitions, isUp } = this.#options
    this.#isAfterStop = !(await isServed(functions, wireClock))
    const reached = partitions.all.filter(isUp)
    const [startMs] = await Promise.all([
      this.#wake(CONTROL),
      ...reached.map((partition) => this.#wake(partition).catch(() => undefined)),
    ])
    return startMs ?? 0
  }

  /** Those that were away may be there now. */
  look(): void {
    const { isUp } = this.#options
    for (const partition of this.#left) {
      if (!isUp(partition) || this.#underWay.has(partition)) continue
      this.#underWay.add(partition)
      // Where it fails, the next look tries again.
      this.#wake(partition)
        .catch(() => undefined)
        .finally(() => this.#underWay.delete(partition))
    }
  }

  /** Returns its time. */
  async #wake(partition: number): Promise<number> {
    const { functions, partitions, known, births } = this.#options
    const args = [...placeOf(partitions, partition), this.#isAfterStop ? 1 : 0]
    const [nowMs, birth, ...sums] = list(await functions.call('quick', 'wake', partition, args))
    births.seen(partition, text(birth))
    known.take(partition, sums)
    this.#left.delete(partition)
    return number(nowMs)
  }
}

/** Whether a process serves the store now. */
async function isServed(functions: Functions, clock: Clock): Promise<boolean> {
  return (await whoServes(functions, clock, 1)).length > 0
}

/**
 * The names of those that serve the store now: one that died a moment ago does not say again that it is there.
 *
 * @param enough how many are looked for. Default: all
 */
export async function whoServes(
  functions: Functions,
  clock: Clock,
  enough = Number.POSITIVE_INFINITY,
): Promise<readonly string[]> {
  const there = async () =>
    (await listNodes(functions)).filter(({ isBuried, silentMs }) => !isBuried && silentMs < SERVED_WITHIN_MS)
  const before = new Map((await there()).map(({ node, atMs }) => [node, atMs]))
  const names = new Set<string>()
  const untilMs = clock.monotonicMs() + LOOKED_FOR_MS
  while (names.size < Math.min(enough, before.size) && clock.monotonicMs() < untilMs) {
    await clock.sleep(LOOK_EVERY_MS)
    for (const { node, name, atMs } of await there())
      if (atMs > (before.get(node) ?? Number.NEGATIVE_INFINITY)) names.add(name)
  }
  return [...names].sort()
}

function placeOf(partitions: Partitions, partition: number): readonly number[] {
  return [partitions.count, Math.max(0, partition), LEAST_AFTER_START_MS]
}
