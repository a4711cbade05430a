import { BULK_BYTES_MAX } from '@rollcall/protocol/limits'

/** Bytes of bulk requests that may be read and worked on at one time, of everybody and of one caller. */
const BYTES_MAX = 4 * BULK_BYTES_MAX
const BYTES_PER_CALLER_MAX = BULK_BYTES_MAX

/** Bounds the memory that the bodies of bulk requests hold, and what one caller may take of it. */
export class BulkBudget {
  readonly #taken = new Map<string, number>()
  #total = 0

  /**
   * Takes `bytes` for a caller; zero counts as one, so that nobody is let in unseen.
   *
   * @returns what gives them back, once; `undefined`: there is no room now
   */
  take(caller: string, bytes: number): (() => void) | undefined {
    const size = Math.max(1, bytes)
    const taken = this.#taken.get(caller) ?? 0
    if (this.#total + size > BYTES_MAX || taken + size > BYTES_PER_CALLER_MAX) return undefined
    this.#add(caller, size)
    let isHeld = true
    return () => {
      if (isHeld) this.#add(caller, -size)
      isHeld = false
    }
  }

  #add(caller: string, bytes: number): void {
    const taken = (this.#taken.get(caller) ?? 0) + bytes
    this.#total += bytes
    if (taken === 0) this.#taken.delete(caller)
    else this.#taken.set(caller, taken)
  }
}
