import { afterThisTurn } from '../../../clock/clock.ts'

/** Operations after which a commit waits for no more of them, and turns after which it does not either. */
const GATHERED_MAX = 64
const TURNS_MAX = 8
/** Turns that a commit waits while somebody holds it. */
const HELD_TURNS_MAX = 64

/** How long a commit waits for operations that can go with it: for the turns of the event loop that bring some. */
export class Gathering {
  readonly #waiting: () => number
  readonly #end: () => void
  #isOn = false
  #holds = 0

  /**
   * @param waiting how many operations wait for the commit
   * @param end called once there is no more to wait for
   */
  constructor(waiting: () => number, end: () => void) {
    this.#waiting = waiting
    this.#end = end
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** Does nothing while one is on. */
  start(): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#takeTurn(1, this.#waiting())
  }

  /** Somebody has more to come: makes commits wait until the function returned is called, but not for long. */
  hold(): () => void {
    let isHeld = true
    this.#holds++
    return () => {
      if (isHeld) this.#holds--
      isHeld = false
    }
  }

  #takeTurn(turns: number, known: number): void {
    afterThisTurn(() => {
      const waiting = this.#waiting()
      if (this.#isWorthAnother(turns, waiting > known && waiting < GATHERED_MAX))
        return this.#takeTurn(turns + 1, waiting)
      this.#isOn = false
      this.#end()
    })
  }

  #isWorthAnother(turns: number, comesMore: boolean): boolean {
    return this.#holds > 0 ? turns < HELD_TURNS_MAX : comesMore && turns < TURNS_MAX
  }
}
