import { STREAM_ACKNOWLEDGED_MAX } from '@rollcall/protocol/limits'
import { Backoff } from '../backoff.ts'
import type { ClientClock, ClientRandom } from '../platform.ts'
import { sleep } from '../waiting.ts'

/** Requests with the same acknowledgements that may fail in a row. */
const TRIES_MAX = 5
const RETRY_FIRST_MS = 200
const RETRY_MAX_MS = 3_000

export type AcknowledgementsOptions = {
  readonly clock: ClientClock
  readonly random: ClientRandom
  readonly signal: AbortSignal
  readonly post: (ids: readonly string[]) => Promise<void>
  /** They do not get through: what they are of comes again over another connection. */
  readonly onFailed: (error: unknown) => void
}

/** Gathers what is to be acknowledged: one request at a time, with everything that has come up meanwhile. */
export class Acknowledgements {
  readonly #options: AcknowledgementsOptions
  readonly #waiting: string[] = []
  #isPosting = false

  constructor(options: AcknowledgementsOptions) {
    this.#options = options
  }

  add(id: string): void {
    this.#waiting.push(id)
    if (!this.#isPosting) void this.#run()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { signal, onFailed } = this.#options
    this.#isPosting = true
    try {
      // Those of one moment go together.
      await Promise.resolve()
      while (this.#waiting.length > 0 && !signal.aborted)
        await this.#post(this.#waiting.splice(0, STREAM_ACKNOWLEDGED_MAX))
    } catch (error) {
      if (!signal.aborted) onFailed(error)
    }
    this.#isPosting = false
  }

  async #post(ids: readonly string[]): Promise<void> {
    const { clock, random, signal, post } = this.#options
    const backoff = new Backoff(random, RETRY_FIRST_MS, RETRY_MAX_MS)
    for (let left = TRIES_MAX - 1; ; left--) {
      try {
        return await post(ids)
      } catch (error) {
        if (left === 0 || signal.aborted) throw error
        await sleep(clock, backoff.nextMs(), signal)
      }
    }
  }
}
