import { IDEMPOTENCY_TTL_MS } from '@rollcall/protocol/limits'
import type { Clock, WallBounds } from '../clock/clock.ts'
import {
  type Answer,
  type AnswerStore,
  type Holding,
  SHARE_PERCENTS,
  type SharePercents,
  Shares,
  type UserKey,
} from '../store/store.ts'

/** Configuration keys of the same names. */
export type IdempotencyBounds = SharePercents & { readonly idempotencyKeysMax: number }

/** The defaults. */
export const IDEMPOTENCY_BOUNDS: IdempotencyBounds = { ...SHARE_PERCENTS, idempotencyKeysMax: 1_000_000 }

/** In memory, answers of QoS 0 besides, are kept this part of those on disk, and no fewer than these. */
const MEMORY_SHARE = 0.1
const MEMORY_LEAST = 1_000

type Remembered = { readonly answer: Answer; readonly untilMs: number; readonly holding: Holding }

/**
 * Gives requests with the same `Idempotency-Key` of the same caller the same answer for ten minutes. QoS 1
 * answers are durable with their event (`MailboxStore.append`); QoS 0 ones live here. Refusals are not
 * remembered: a retry tries again.
 */
export class Idempotency {
  readonly #clock: Clock
  readonly #wall: WallBounds
  readonly #answers: AnswerStore
  /** In the order of remembering, which is the order of expiry. */
  readonly #remembered = new Map<string, Remembered>()
  readonly #running = new Map<string, Promise<Answer>>()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(clock: Clock, wall: WallBounds, answers: AnswerStore, bounds: IdempotencyBounds) {
    this.#clock = clock
    this.#wall = wall
    this.#answers = answers
    this.#shares = new Shares(bounds)
    this.#max = Math.max(MEMORY_LEAST, Math.floor(bounds.idempotencyKeysMax * MEMORY_SHARE))
  }

  /** When an answer given now is forgotten, wall-clock time. */
  expiresAtWallMs(): number {
    return this.#wall.latestMs() + IDEMPOTENCY_TTL_MS
  }

  /**
   * The remembered answer, or that of `work`. While one request runs, others with its key wait for its end:
   * they share its answer, and if it was refused the next of them tries.
   */
  async run(owner: UserKey, key: string, work: () => Promise<Answer>): Promise<Answer> {
    // Ids contain no slash and the key comes last: no two pairs share a name.
    const name = `${owner.organizationId}/${owner.userId}/${key}`
    for (let running = this.#running.get(name); running !== undefined; running = this.#running.get(name)) {
      const answer = await running.catch(() => undefined)
      if (answer !== undefined) return answer
    }
    const attempt = this.#attempt(owner, key, name, work)
    this.#running.set(name, attempt)
    try {
      return await attempt
    } finally {
      this.#running.delete(name)
    }
  }

  async #attempt(owner: UserKey, key: string, name: string, work: () => Promise<Answer>): Promise<Answer> {
    const known = this.#recall(name) ?? (await this.#answers.find(owner, key, this.#wall.earliestMs()))
    if (known !== undefined) return known
    const answer = await work()
    this.#remember(owner, name, answer)
    return answer
  }

  #recall(name: string): Answer | undefined {
    const found = this.#remembered.get(name)
    return found !== undefined && this.#clock.monotonicMs() < found.untilMs ? found.answer : undefined
  }

  #remember(owner: UserKey, name: string, answer: Answer): void {
    const nowMs = this.#clock.monotonicMs()
    this.#forget(name)
    const holding = this.#shares.add(owner, name)
    this.#remembered.set(name, { answer, untilMs: nowMs + IDEMPOTENCY_TTL_MS, holding })
    for (const [oldest, { untilMs }] of this.#remembered) {
      if (untilMs > nowMs) break
      this.#forget(oldest)
    }
    // Whoever has the most pays: a key of anybody else's that was forgotten would let its retry be sent twice.
    while (this.#remembered.size > this.#max) {
      this.evicted++
      this.#forget(this.#shares.leaving() ?? name)
    }
  }

  #forget(name: string): void {
    const known = this.#remembered.get(name)
    if (known === undefined) return
    this.#remembered.delete(name)
    this.#shares.remove(known.holding, name)
  }
}
