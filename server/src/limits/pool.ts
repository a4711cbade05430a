import type { SharedFigures } from '../observe/observe.ts'

/**
 * Who holds a part of a shared thing: keys from wide to narrow, for example an organization, a caller in it, the
 * address it comes from. Their order says which share each is measured by.
 */
export type Holder = readonly string[]

/** How a thing is shared. */
export type PoolBounds = {
  /** As much as there is for all. */
  readonly max: number
  /**
   * One for each key of a holder: it may hold this many times what it leaves free. 1: half of all that there is,
   * 4: four fifths, infinity: all.
   */
  readonly shares: readonly number[]
  /** Nobody is refused below this, while there is any: too little to be shared. */
  readonly floor: number
}

/**
 * One bounded thing that everybody shares. What is free may be borrowed by anybody, but nobody gets the rest: a holder
 * may have a multiple of what stays free (dynamic thresholds, Choudhury and Hahne 1998). So one alone is let have
 * nearly all, several greedy ones share it evenly, a newcomer always finds some, and nothing has to be taken away
 * from anyone.
 *
 * Costs a look-up or two for each key; holders of nothing are forgotten.
 */
export class Pool {
  readonly #bounds: PoolBounds
  readonly #held = new Map<string, number>()
  #used = 0
  #refusedShare = 0
  #refusedFull = 0

  /** @throws where the bounds make no sense: a programmer's mistake */
  constructor(bounds: PoolBounds) {
    if (bounds.max < 0 || bounds.shares.some((share) => share <= 0)) throw new Error('a pool without a share')
    this.#bounds = bounds
  }

  get figures(): SharedFigures {
    const refused = { share: this.#refusedShare, full: this.#refusedFull }
    return { used: this.#used, max: this.#bounds.max, refused }
  }

  /**
   * The most that a holder's key may have as long as nobody else takes or gives anything: what is left by others,
   * divided as its share says.
   */
  shareOf(key: string, level: number): number {
    const { max, shares, floor } = this.#bounds
    const left = max - this.#used + this.held(key)
    const share = shares[level] ?? Number.POSITIVE_INFINITY
    if (share === Number.POSITIVE_INFINITY) return left
    return Math.min(left, Math.max(floor, Math.floor((left * share) / (1 + share))))
  }

  /** What a holder's key has now. */
  held(key: string): number {
    return this.#held.get(key) ?? 0
  }

  /**
   * Takes `amount` for a holder, all or nothing.
   *
   * @returns what gives it back, idempotent; `undefined`: there is no room, or the holder is over its share
   */
  take(holder: Holder, amount = 1): (() => void) | undefined {
    if (!this.#has(holder, amount)) return undefined
    this.#add(holder, amount)
    let isHeld = true
    return () => {
      if (isHeld) this.#add(holder, -amount)
      isHeld = false
    }
  }

  #has(holder: Holder, amount: number): boolean {
    const { max, shares, floor } = this.#bounds
    const free = max - this.#used - amount
    if (free < 0) {
      this.#refusedFull++
      return false
    }
    const isWithin = holder.every((key, level) => {
      const share = shares[level] ?? Number.POSITIVE_INFINITY
      const mostHeld = share === Number.POSITIVE_INFINITY ? max : Math.max(floor, share * free)
      return this.held(key) + amount <= mostHeld
    })
    if (!isWithin) this.#refusedShare++
    return isWithin
  }

  #add(holder: Holder, amount: number): void {
    this.#used += amount
    for (const key of holder) {
      const held = this.held(key) + amount
      if (held === 0) this.#held.delete(key)
      else this.#held.set(key, held)
    }
  }
}
