import type { Holder, Pool } from '../../limits/limits.ts'

/**
 * A packet of one connection that has begun and not ended: how much of it is kept, of whose share, and since when.
 * Made when there is one, and gone with it.
 */
export class Unfinished {
  /** Monotonic clock. */
  readonly sinceMs: number
  readonly #pool: Pool
  readonly #holder: Holder
  readonly #releases: (() => void)[] = []
  #bytes = 0

  constructor(sinceMs: number, pool: Pool, holder: Holder) {
    this.sinceMs = sinceMs
    this.#pool = pool
    this.#holder = holder
  }

  /** There are so many bytes of it now. @returns whether its holder may have them */
  grow(bytes: number): boolean {
    if (bytes <= this.#bytes) return true
    const release = this.#pool.take(this.#holder, bytes - this.#bytes)
    if (release === undefined) return false
    this.#releases.push(release)
    this.#bytes = bytes
    return true
  }

  end(): void {
    for (const release of this.#releases.splice(0)) release()
  }
}
