import { within } from '../machine/time.ts'
import type { Pool, Work } from './work.ts'

const REFUSAL_CHARACTERS_MAX = 300

/** When the next request is due. */
export interface Pace {
  /** Begins; calls `send` with a free slot whenever a request is due. */
  start(slots: number, send: (slot: number, sentAtNs: number) => void): void
  /** A slot is free again. */
  freed(slot: number): void
  /** Nothing becomes due any more. */
  stop(): void
}

/** Makes requests over a fixed number of connections and checks every answer. */
export class Load {
  readonly #work: Work
  readonly #pace: Pace
  readonly #pool: Pool
  #whenIdle: (() => void) | undefined
  issued = 0
  answered = 0
  refused = 0
  firstRefusal: string | undefined

  constructor(work: Work, pace: Pace, pool: Pool) {
    this.#work = work
    this.#pool = pool
    this.#pace = pace
  }

  async start(slots: number): Promise<void> {
    await this.#pool.open(slots, (slot, status, bytes, start, end) => {
      this.#count(status, bytes, start, end)
      this.#pace.freed(slot)
      if (this.answered === this.issued) this.#whenIdle?.()
    })
    this.#pace.start(slots, (slot, sentAtNs) => {
      this.issued++
      this.#pool.send(slot, this.#work.next(slot, sentAtNs))
    })
  }

  /** Nothing new becomes due; what is under way goes on. */
  stop(): void {
    this.#pace.stop()
  }

  /** Resolves once everything is answered. @throws Error when that takes too long, or a connection was lost */
  async idle(timeoutMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve
      if (this.answered === this.issued) resolve()
    })
    await within(timeoutMs, 'answers to all requests', this.during(idle))
  }

  /** The same as `promise`, but rejects as soon as a connection is lost. */
  during<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#pool.lost])
  }

  close(): void {
    this.#pool.close()
  }

  #count(status: number, bytes: Buffer, start: number, end: number): void {
    this.answered++
    if (this.#work.accepts(status, bytes, start, end)) return
    this.refused++
    this.firstRefusal ??= `${status} ${bytes.toString('utf8', start, end).slice(0, REFUSAL_CHARACTERS_MAX)}`
  }
}
