import { RateLimited } from './rate-limited.ts'

/** How much is allowed: `burst` at once, refilled at `perSecond`. 0 per second: no limit. */
export type Rate = { readonly perSecond: number; readonly burst: number }

/** Keys whose buckets are remembered at one time, in each set. */
const KEYS_MAX = 200_000

/** A bucket by the one number that it needs (GCRA): when it will be full again, on the monotonic clock. */
export type Bucket = { fullAtMs: number }

/**
 * Token buckets, one for each key. Memory is bounded by two generations: when the young one has its half of the
 * keys, the old one is dropped whole, and with it only buckets that nobody has touched for as long.
 */
export class Buckets {
  readonly #name: string
  readonly #rate: Rate
  readonly #keysMax: number
  /** Time that it takes to refill one, and all; milliseconds. */
  readonly #oneMs: number
  readonly #allMs: number
  #young = new Map<string, Bucket>()
  #old = new Map<string, Bucket>()

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
    return this.#young.size + this.#old.size
  }

  /** There is no limit: nothing may be asked of the buckets. */
  get isOff(): boolean {
    return this.#rate.perSecond === 0
  }

  /** The bucket of a key: a full one where none is remembered. */
  of(key: string): Bucket {
    const bucket = this.#young.get(key)
    if (bucket !== undefined) return bucket
    const kept = this.#old.get(key) ?? { fullAtMs: 0 }
    this.#keep(key, kept)
    return kept
  }

  /**
   * Throws where `count` cannot be taken now. Takes nothing: a caller of several buckets asks all of them first.
   * More than the whole burst is let through by a full bucket, and paid off afterwards.
   *
   * @throws RateLimited
   */
  check(bucket: Bucket, count: number, nowMs: number): void {
    const spentMs = Math.max(0, bucket.fullAtMs - nowMs)
    const waitMs = spentMs + Math.min(count, this.#rate.burst) * this.#oneMs - this.#allMs
    // Sums of fractions are not exact; nobody is turned away for a microsecond.
    if (waitMs >= 0.001) throw this.#refusal(spentMs, waitMs)
  }

  /** Takes `count`, whether they are there or not. */
  take(bucket: Bucket, count: number, nowMs: number): void {
    bucket.fullAtMs = Math.max(nowMs, bucket.fullAtMs) + count * this.#oneMs
  }

  #refusal(spentMs: number, waitMs: number): RateLimited {
    return new RateLimited({
      policy: this.#name,
      quota: this.#rate.burst,
      windowSeconds: Math.ceil(this.#allMs / 1000),
      remaining: Math.max(0, Math.floor((this.#allMs - spentMs) / this.#oneMs)),
      retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
    })
  }

  #keep(key: string, bucket: Bucket): void {
    if (this.#young.size >= this.#keysMax / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, bucket)
  }
}
