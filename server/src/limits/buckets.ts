import { RateLimited } from './rate-limited.ts'

/** How much is allowed: `burst` at once, refilled at `perSecond`. 0 per second: no limit. */
export type Rate = { readonly perSecond: number; readonly burst: number }

/** Keys that have a bucket of their own at one time. */
const KEYS_MAX = 200_000
/** Buckets of which newcomers share one while none of all those can be forgotten. */
const SHARED_COUNT = 1_024
/** Buckets that are looked at for one that can be forgotten; so a newcomer costs the same, however many there are. */
const LOOKED_AT_MAX = 8

/** A bucket by the one number that it needs (GCRA): when it will be full again, on the monotonic clock. */
export type Bucket = { fullAtMs: number }

/**
 * Token buckets, one for each key. Memory is bounded, and only full buckets are forgotten, which says nothing: names
 * without number make nobody's debt go away. While all that are remembered are in debt, newcomers share buckets, each
 * with a thousandth of the others.
 */
export class Buckets {
  readonly #name: string
  readonly #rate: Rate
  readonly #keysMax: number
  /** Time that it takes to refill one, and all; milliseconds. */
  readonly #oneMs: number
  readonly #allMs: number
  /** In the order in which they were looked at for being full. */
  readonly #byKey = new Map<string, Bucket>()
  readonly #shared = new Map<number, Bucket>()
  /** As late as is known; time never goes back. */
  #nowMs = 0

  /** @param name what the `RateLimit` headers call the policy */
  constructor(name: string, rate: Rate, keysMax = KEYS_MAX) {
    this.#name = name
    this.#rate = rate
    this.#keysMax = keysMax
    this.#oneMs = 1000 / rate.perSecond
    this.#allMs = rate.burst * this.#oneMs
  }

  /** Buckets that are remembered. */
  get size(): number {
    return this.#byKey.size + this.#shared.size
  }

  /** There is no limit: nothing may be asked of the buckets. */
  get isOff(): boolean {
    return this.#rate.perSecond === 0
  }

  /** The bucket of a key: a full one where none is remembered. */
  of(key: string): Bucket {
    const own = this.#byKey.get(key)
    if (own !== undefined) return own
    const slot = slotOf(key)
    if (this.#byKey.size >= this.#keysMax && !this.#forgetFull()) return this.#sharedAt(slot)
    // What it may have spent while it shared one, it has spent.
    const bucket = { fullAtMs: this.#shared.get(slot)?.fullAtMs ?? 0 }
    this.#byKey.set(key, bucket)
    return bucket
  }

  /**
   * Throws where `count` cannot be taken now. Takes nothing: a caller of several buckets asks all of them first.
   * More than the whole burst is let through by a full bucket, and paid off afterwards.
   *
   * @throws RateLimited
   */
  check(bucket: Bucket, count: number, nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    if (!this.has(bucket, count, nowMs)) throw this.#refusal(bucket, count, nowMs)
  }

  /** Whether `count` can be taken now. */
  has(bucket: Bucket, count: number, nowMs: number): boolean {
    // Sums of fractions are not exact; nobody is turned away for a microsecond.
    return this.#waitMs(bucket, count, nowMs) < 0.001
  }

  /** Takes `count`, whether they are there or not. */
  take(bucket: Bucket, count: number, nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    bucket.fullAtMs = Math.max(nowMs, bucket.fullAtMs) + count * this.#oneMs
  }

  /** Gives back of what was taken. */
  giveBack(bucket: Bucket, count: number): void {
    bucket.fullAtMs -= count * this.#oneMs
  }

  #waitMs(bucket: Bucket, count: number, nowMs: number): number {
    const spentMs = Math.max(0, bucket.fullAtMs - nowMs)
    return spentMs + Math.min(count, this.#rate.burst) * this.#oneMs - this.#allMs
  }

  #refusal(bucket: Bucket, count: number, nowMs: number): RateLimited {
    const spentMs = Math.max(0, bucket.fullAtMs - nowMs)
    const waitMs = this.#waitMs(bucket, count, nowMs)
    return new RateLimited({
      policy: this.#name,
      quota: this.#rate.burst,
      windowSeconds: Math.ceil(this.#allMs / 1000),
      remaining: Math.max(0, Math.floor((this.#allMs - spentMs) / this.#oneMs)),
      retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
    })
  }

  /** Forgets those that are full among the ones that were looked at longest ago. Whether there were any. */
  #forgetFull(): boolean {
    let lookedAt = 0
    for (const [key, bucket] of this.#byKey) {
      if (lookedAt++ === LOOKED_AT_MAX) break
      this.#byKey.delete(key)
      if (bucket.fullAtMs > this.#nowMs) this.#byKey.set(key, bucket)
    }
    return this.#byKey.size < this.#keysMax
  }

  #sharedAt(slot: number): Bucket {
    const bucket = this.#shared.get(slot) ?? { fullAtMs: 0 }
    this.#shared.set(slot, bucket)
    return bucket
  }
}

/** FNV-1a. */
function slotOf(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  return (hash >>> 0) % SHARED_COUNT
}
