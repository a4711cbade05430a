import type { Clock, Timer } from '../../clock/clock.ts'
import type { UserKey } from '../store.ts'
import type { Partitions } from './connection/partitions.ts'

/** How long a partition is waited for before its links may be better off at another process, milliseconds. */
const OUT_OF_REACH_MS = 60_000
const LOOK_EVERY_MS = 250
/** A process that stood still has not been waiting meanwhile. */
const STEP_MS_MAX = 1_000

export type OutOfReachOptions = {
  readonly clock: Pick<Clock, 'monotonicMs' | 'every'>
  readonly partitions: Partitions
  readonly isUp: (partition: number) => boolean
  /** Default: a minute. */
  readonly afterMs?: number
  /** Told once of each time that partitions are away for so long, by whose users are concerned: until they can be reached again. */
  readonly onOutOfReach: (isConcerned: (user: UserKey) => boolean) => void
}

/** Finds out which partitions this process does not reach, though another may. */
export class OutOfReach {
  readonly #options: OutOfReachOptions
  readonly #timer: Timer
  /** How long each that is away has been, by partition. */
  readonly #awayMs = new Map<number, number>()
  #lookedAtMs: number

  constructor(options: OutOfReachOptions) {
    this.#options = options
    this.#lookedAtMs = options.clock.monotonicMs()
    this.#timer = options.clock.every(LOOK_EVERY_MS, () => this.#look())
  }

  close(): void {
    this.#timer.cancel()
  }

  #look(): void {
    const { clock, partitions, isUp, afterMs = OUT_OF_REACH_MS, onOutOfReach } = this.#options
    const nowMs = clock.monotonicMs()
    const stepMs = Math.min(STEP_MS_MAX, nowMs - this.#lookedAtMs)
    this.#lookedAtMs = nowMs
    const reached = new Set<number>()
    for (const partition of partitions.all) {
      const wasMs = this.#awayMs.get(partition) ?? 0
      if (isUp(partition)) this.#awayMs.delete(partition)
      else this.#awayMs.set(partition, wasMs + stepMs)
      if (!isUp(partition) && wasMs < afterMs && wasMs + stepMs >= afterMs) reached.add(partition)
    }
    if (reached.size === 0) return
    const isAway = (partition: number) => reached.has(partition) && this.#awayMs.has(partition)
    onOutOfReach((user) => isAway(partitions.ofUser(user)))
  }
}
