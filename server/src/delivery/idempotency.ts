import { IDEMPOTENCY_TTL_MS } from '@rollcall/protocol/limits'
import type { Clock, WallBounds } from '../clock/clock.ts'
import {
  type Holding,
  type Reply,
  type ReplyStore,
  SHARE_PERCENTS,
  type SharePercents,
  Shares,
  type UserKey,
} from '../store/store.ts'

/** Configuration keys of the same names. */
export type IdempotencyBounds = SharePercents & { readonly idempotencyKeysMax: number }

/** The defaults. */
export const IDEMPOTENCY_BOUNDS: IdempotencyBounds = { ...SHARE_PERCENTS, idempotencyKeysMax: 1_000_000 }

/** In memory, replies of QoS 0 besides, are kept this part of those on disk, and no fewer than these. */
const MEMORY_SHARE = 0.1
const MEMORY_LEAST = 1_000

type Remembered = { readonly reply: Reply; readonly untilMs: number; readonly holding: Holding }

/**
 * Gives requests with the same `Idempotency-Key` of the same caller the same reply for ten minutes. QoS 1
 * replies are durable with their event (`MailboxStore.append`); QoS 0 ones live here. Refusals are not
 * remembered: a retry tries again.
 */
export class Idempotency {
  readonly #clock: Clock
  readonly #wall: WallBounds
  readonly #replies: ReplyStore
  /** In the order of remembering, which is the order of expiry. */
  readonly #remembered = new Map<string, Remembered>()
  readonly #running = new Map<string, Promise<Reply>>()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(clock: Clock, wall: WallBounds, replies: ReplyStore, bounds: IdempotencyBounds) {
    this.#clock = clock
    this.#wall = wall
    this.#replies = replies
    this.#shares = new Shares(bounds)
    this.#max = Math.max(MEMORY_LEAST, Math.floor(bounds.idempotencyKeysMax * MEMORY_SHARE))
  }

  /** When a reply given now is forgotten, wall-clock time. */
  expiresAtWallMs(): number {
    return this.#wall.latestMs() + IDEMPOTENCY_TTL_MS
  }

  /**
   * The remembered reply, or that of `work`. While one request runs, others with its key wait for its end:
   * they share its reply, and if it was refused the next of them tries.
   */
  async run(owner: UserKey, key: string, work: () => Promise<Reply>): Promise<Reply> {
    // Ids contain no slash and the key comes last: no two pairs share a name.
    const name = `${owner.organizationId}/${owner.userId}/${key}`
    for (let running = this.#running.get(name); running !== undefined; running = this.#running.get(name)) {
      const reply = await running.catch(() => undefined)
      if (reply !== undefined) return reply
    }
    const attempt = this.#attempt(owner, key, name, work)
    this.#running.set(name, attempt)
    try {
      return await attempt
    } finally {
      this.#running.delete(name)
    }
  }

  async #attempt(owner: UserKey, key: string, name: string, work: () => Promise<Reply>): Promise<Reply> {
    const known = this.#recall(name) ?? (await this.#replies.find(owner, key, this.#wall.earliestMs()))
    if (known !== undefined) return known
    const reply = await work()
    this.#remember(owner, name, reply)
    return reply
  }

  #recall(name: string): Reply | undefined {
    const found = this.#remembered.get(name)
    return found !== undefined && this.#clock.monotonicMs() < found.untilMs ? found.reply : undefined
  }

  #remember(owner: UserKey, name: string, reply: Reply): void {
    const nowMs = this.#clock.monotonicMs()
    this.#forget(name)
    const holding = this.#shares.add(owner, name)
    this.#remembered.set(name, { reply, untilMs: nowMs + IDEMPOTENCY_TTL_MS, holding })
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
