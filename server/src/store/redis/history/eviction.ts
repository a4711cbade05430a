import type { HistoryBounds } from '../../bounds.ts'
import { number, optional } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import type { Known } from '../known.ts'

/** Records that go in one step. */
const SLICE_MAX = 200
/** How much more than has to goes at once, as a part of the bound, so that not every event has another go. */
const SLACK = 0.01

/**
 * Keeps the history within its bytes: past them the oldest records of the organization go that has the most, whichever
 * partition they are in. In slices, beside everything else.
 */
export class Eviction {
  readonly #functions: Functions
  readonly #known: Known
  readonly #bounds: HistoryBounds
  #running: Promise<void> | undefined
  evictedBytes = 0

  constructor(functions: Functions, known: Known, bounds: HistoryBounds) {
    this.#functions = functions
    this.#known = known
    this.#bounds = bounds
  }

  /** Looks whether there is too much. Whoever looks meanwhile waits for the same. */
  look(): Promise<void> {
    if (this.#known.history.total <= this.#bounds.bytesMax) return Promise.resolve()
    this.#running ??= this.#evict().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #evict(): Promise<void> {
    const wanted = (1 - SLACK) * this.#bounds.bytesMax
    while (this.#known.history.total > wanted) {
      const organizationId = this.#known.history.largest()
      if (organizationId === undefined) return
      // No more than until somebody else has the most: then it is their turn.
      const share = Math.max(this.#known.history.lead(), SLACK * this.#bounds.bytesMax)
      const gone = await this.#evictOldest(
        organizationId,
        Math.min(share, this.#known.history.total - wanted),
      )
      if (gone === 0) return
      this.evictedBytes += gone
    }
  }

  /** Of the partition that has the oldest, those older than any of the others. */
  async #evictOldest(organizationId: string, bytes: number): Promise<number> {
    const answers = await this.#functions.callReached('quick', 'history_oldest', [organizationId])
    const oldest = answers
      .map(({ partition, answer }) => ({
        partition,
        id: optional(answer, number) ?? Number.POSITIVE_INFINITY,
      }))
      .sort((a, b) => a.id - b.id)
    const [first, second] = oldest
    if (first === undefined || first.id === Number.POSITIVE_INFINITY) return 0
    const before = second === undefined || second.id === Number.POSITIVE_INFINITY ? '+inf' : String(second.id)
    const args = [organizationId, bytes, before, SLICE_MAX]
    return number(await this.#functions.call('quick', 'history_evict', first.partition, args))
  }
}
