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
 * Makes the time of the partitions of this process go on, and looks after what is over. One beat at a time: where Redis is slower
 * than that, time goes on less often, and where it stands still so does time.
 */
export class Heart {
  readonly #options: HeartOptions
  #beating: Promise<void> | undefined
  #keptUpAtMs = Number.NEGATIVE_INFINITY
  /** Partitions where more is over than was pruned. */
  readonly #behind = new Set<number>()
  #beats = 0

  constructor(options: HeartOptions) {
    this.#options = options
  }

  /** Resolves with the beat that is under way. */
  get idle(): Promise<void> {
    return this.#beating ?? Promise.resolve()
  }

  beat(): void {
    this.#beating ??= this.#beat()
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

  async #beat(): Promise<void> {
    const { engine, audit, late, mend, clock } = this.#options
    const nowMs = clock.monotonicMs()
    const isUpkeep = nowMs - this.#keptUpAtMs >= UPKEEP_EVERY_MS
    if (isUpkeep) this.#keptUpAtMs = nowMs
    await this.#timeGoesOn(isUpkeep ? PRUNED_MAX : 0)
    await this.#sum()
    if (engine.sweeps(CONTROL)) await engine.eviction.look()
    if (!isUpkeep) return
    await mend()
    await this.#write()
    late.catchUp()
    await audit.catchUp()
    await engine.fed.look()
    // Last: there may be no memory for it.
    await engine.outboxes.empty()
  }

  /** What others have brought about is found in the sums of some partitions at a time. */
  async #sum(): Promise<void> {
    const { engine, inner } = this.#options
    const beat = this.#beats++ % SUMMED_IN_BEATS
    const wanted = engine.partitions.all.filter((partition) => partition % SUMMED_IN_BEATS === beat)
    await Promise.all(
      wanted.map(async (partition) =>
        engine.known.take(partition, list(await inner.call('quick', 'sums', partition))),
      ),
    )
  }

  async #timeGoesOn(upkeepMax: number): Promise<void> {
    const engine = { ...this.#options.engine, functions: this.#options.inner }
    const all = [CONTROL, ...engine.partitions.all].filter(engine.sweeps)
    await Promise.all(
      all.map(async (partition) => {
        const max = this.#behind.delete(partition) ? PRUNED_MAX : upkeepMax
        const { isBehind } = await timeGoesOn(engine, partition, max)
        if (isBehind) this.#behind.add(partition)
      }),
    )
  }

  /** What the next process goes by. */
  async #write(): Promise<void> {
    const { inner, engine } = this.#options
    if (engine.sweeps(CONTROL)) await inner.call('quick', 'meta', CONTROL, ['earliest', earliest(engine)])
  }
}
