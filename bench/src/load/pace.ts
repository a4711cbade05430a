import { nowNs } from '../machine/time.ts'
import type { Pace } from './load.ts'

type Send = (slot: number, sentAtNs: number) => void

/** Closed loop: a slot's next request follows its answer at once, `countMax` in all. */
export class BackToBack implements Pace {
  #left: number
  #send: Send = () => {}

  constructor(countMax: number) {
    this.#left = countMax
  }

  start(slots: number, send: Send): void {
    this.#send = send
    for (let slot = 0; slot < slots; slot++) this.freed(slot)
  }

  freed(slot: number): void {
    if (this.#left === 0) return
    this.#left--
    this.#send(slot, nowNs())
  }

  stop(): void {
    this.#left = 0
  }
}

/** Requests that are due but find no free slot; past it the rate cannot be held. */
const WAITING_MAX = 10_000

/**
 * Open loop: requests are due at a steady rate, however long answers take. One that has to wait for a slot
 * counts from the moment it was due.
 */
export class SteadyRate implements Pace {
  readonly #perSecond: number
  readonly #waitingSinceNs: number[] = []
  #free: number[] = []
  #send: Send = () => {}
  #timer: NodeJS.Timeout | undefined

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  start(slots: number, send: Send): void {
    this.#send = send
    this.#free = Array.from({ length: slots }, (_, slot) => slot)
    const startNs = nowNs()
    let made = 0
    this.#timer = setInterval(() => {
      const due = Math.floor(((nowNs() - startNs) * this.#perSecond) / 1e9)
      for (; made < due; made++) this.#makeDue()
    }, 1)
  }

  freed(slot: number): void {
    const sinceNs = this.#waitingSinceNs.shift()
    if (sinceNs === undefined) this.#free.push(slot)
    else this.#send(slot, sinceNs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #makeDue(): void {
    const slot = this.#free.pop()
    if (slot !== undefined) this.#send(slot, nowNs())
    else if (this.#waitingSinceNs.length < WAITING_MAX) this.#waitingSinceNs.push(nowNs())
    else throw new Error('the rate could not be held')
  }
}
