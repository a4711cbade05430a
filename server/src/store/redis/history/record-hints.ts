import type { Clock } from '../../../clock/clock.ts'

/** As in `1-call.lua`. */
const EPOCH_MS = 1_735_689_600_000
const IDS_PER_MS = 4_096

/**
 * The order in which this process accepts events, for the ids of their records: what it accepts in one millisecond comes to
 * several partitions, and is listed in its order all the same.
 */
export class RecordHints {
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #perMs: number
  #last = 0

  constructor(clock: Pick<Clock, 'wallMs'>, partitions: number) {
    this.#clock = clock
    this.#perMs = IDS_PER_MS / partitions
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, Math.floor((this.#clock.wallMs() - EPOCH_MS) * this.#perMs))
    return this.#last
  }
}
