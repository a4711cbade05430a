/** Changes of one endpoint's link that are all told at once, and the time in which one more may be; milliseconds. */
const BURST = 20
const REFILL_MS = 3_000
const FULL_AFTER_MS = BURST * REFILL_MS

type Changes<Entry> = { fullAtMs: number; last: Entry | undefined }

/**
 * Which endpoints connect and disconnect so often that not every change is told, and what was told of each last. Memory is
 * bounded by two generations: whoever is forgotten has not changed for so long that it may change at will again.
 */
export class Flapping<Entry> {
  #young = new Map<number, Changes<Entry>>()
  #old = new Map<number, Changes<Entry>>()
  #turnedAtMs = Number.NEGATIVE_INFINITY

  /**
   * Counts one change.
   *
   * @returns the entry that told the one before it, where this is one too many; `undefined`: it is to be told
   */
  count(registrationId: number, nowMs: number): { readonly last: Entry } | undefined {
    const changes = this.#of(registrationId, nowMs)
    const fullAtMs = Math.max(changes.fullAtMs, nowMs) + REFILL_MS
    const isTooMany = fullAtMs > nowMs + FULL_AFTER_MS
    if (!isTooMany) changes.fullAtMs = fullAtMs
    return isTooMany && changes.last !== undefined ? { last: changes.last } : undefined
  }

  /** What tells the newest change; `undefined`: nothing does, it was taken back. */
  told(registrationId: number, entry: Entry | undefined, nowMs: number): void {
    this.#of(registrationId, nowMs).last = entry
  }

  #of(registrationId: number, nowMs: number): Changes<Entry> {
    if (nowMs - this.#turnedAtMs >= FULL_AFTER_MS) {
      this.#old = nowMs - this.#turnedAtMs >= 2 * FULL_AFTER_MS ? new Map() : this.#young
      this.#young = new Map()
      this.#turnedAtMs = nowMs
    }
    const young = this.#young.get(registrationId)
    if (young !== undefined) return young
    const kept = this.#old.get(registrationId) ?? { fullAtMs: 0, last: undefined }
    this.#young.set(registrationId, kept)
    return kept
  }
}
