import type { Clock } from '../../clock/clock.ts'
import type { RedisAudit } from './audit/audit.ts'
import { list } from './connection/answers.ts'
import type { Functions } from './connection/functions.ts'
import { CONTROL } from './connection/partitions.ts'
import type { Engine } from './engine.ts'
import { earliest } from './engine.ts'
import type { LateWrites } from './history/late-writes.ts'
import { timeGoesOn } from './sweep.ts'

/** How often what is over is pruned, and how much at a time; milliseconds. */
const UPKEEP_EVERY_MS = 1_000
const PRUNED_MAX = 500
/** How many beats it takes until the sums of all partitions have been read anew. */
const SUMMED_IN_BEATS = 40

export type HeartOptions = {
  readonly engine: Engine
  readonly inner: Functions
  readonly audit: Pick<RedisAudit, 'catchUp'>
  readonly late: Pick<LateWrites, 'catchUp'>
  /** Mends what the process knows of partitions that were lost. */
  readonly mend: () => Promise<void>
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/**
 * Makes the time of the partitions of this process go on, and looks after what is over. One beat at a time of
 * each: where Redis is slower than that, time goes on less often, and where it stands still so does time there, and nowhere else.
 */
export class Heart {
  readonly #options: HeartOptions
  #beating: Promise<void> | undefined
  #keptUpAtMs = Number.NEGATIVE_INFINITY
  #isUpkeepOwed = false
  /** Partitions where more is over than was pruned. */
  readonly #behind = new Set<number>()
  /** The beats that are under way, by partition. */
  readonly #moving = new Map<number, Promise<void>>()
  #beats = 0

  constructor(options: HeartOptions) {
    this.#options = options
  }

  /** Resolves with the beat that is under way. */
  get idle(): Promise<void> {
    return Promise.allSettled([this.#beating, ...this.#moving.values()]).then(() => undefined)
  }

  beat(): void {
    const nowMs = this.#options.clock.monotonicMs()
    const isUpkeep = nowMs - this.#keptUpAtMs >= UPKEEP_EVERY_MS
    if (isUpkeep) this.#keptUpAtMs = nowMs
    this.#isUpkeepOwed ||= isUpkeep
    void this.#timeGoesOn(isUpkeep ? PRUNED_MAX : 0)
    this.#beating ??= this.#lookAfter()
      .catch(() => undefined)
      .finally(() => {
        this.#beating = undefined
      })
  }

  /** The last one: time goes on from here at the next start. */
  async stop(): Promise<void> {
    await this.idle
    await this.#timeGoesOn(0)
    await this.#write()
  }

  /** A part of the store that is away keeps nothing from what the others have to have done. */
  async #lookAfter(): Promise<void> {
    const { engine, audit, late, mend } = this.#options
    const isUpkeep = this.#isUpkeepOwed
    this.#isUpkeepOwed = false
    await this.#sum()
    if (engine.sweeps(CONTROL)) await engine.eviction.look().catch(() => undefined)
    if (!isUpkeep) return
    for (const step of [mend, () => this.#write(), () => engine.fed.look()])
      await step().catch(() => undefined)
    late.catchUp()
    await audit.catchUp()
    // Last: there may be no memory for it.
    await engine.outboxes.empty()
  }

  /** What others have brought about is found in the sums of some partitions at a time. */
  async #sum(): Promise<void> {
    const { engine, inner } = this.#options
    const beat = this.#beats++ % SUMMED_IN_BEATS
    const wanted = engine.partitions.all.filter(
      (partition) => partition % SUMMED_IN_BEATS === beat && engine.isUp(partition),
    )
    await Promise.allSettled(
      wanted.map(async (partition) =>
        engine.known.take(partition, list(await inner.call('quick', 'sums', partition))),
      ),
    )
  }

  /** Where it can be reached, and where no beat is under way. Resolves with the last of those that were begun. */
  async #timeGoesOn(upkeepMax: number): Promise<void> {
    const { partitions, isUp, sweeps } = this.#options.engine
    const isFree = (partition: number) => sweeps(partition) && isUp(partition) && !this.#moving.has(partition)
    await Promise.all([CONTROL, ...partitions.all].filter(isFree).map((one) => this.#move(one, upkeepMax)))
  }

  #move(partition: number, upkeepMax: number): Promise<void> {
    const moved = this.#moveOn(partition, upkeepMax)
      // It stands still there, until it can be reached again.
      .catch(() => undefined)
      .finally(() => this.#moving.delete(partition))
    this.#moving.set(partition, moved)
    return moved
  }

  async #moveOn(partition: number, upkeepMax: number): Promise<void> {
    const engine = { ...this.#options.engine, functions: this.#options.inner }
    const max = this.#behind.delete(partition) ? PRUNED_MAX : upkeepMax
    const { isBehind } = await timeGoesOn(engine, partition, max)
    if (isBehind) this.#behind.add(partition)
  }

  /** What the next process goes by. */
  async #write(): Promise<void> {
    const { inner, engine } = this.#options
    if (engine.sweeps(CONTROL)) await inner.call('quick', 'meta', CONTROL, ['earliest', earliest(engine)])
  }
}
