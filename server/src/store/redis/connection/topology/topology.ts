import type { Clock, Timer } from '../../../../clock/clock.ts'
import type { Finder, Plan } from './plan.ts'

/** How often it is looked who has what, and how soon again where somebody refused, milliseconds. */
const LOOK_EVERY_MS = 1_000
const LOOK_AGAIN_MS = 50

export type TopologyOptions = {
  readonly finder: Finder
  readonly clock: Pick<Clock, 'after' | 'every'>
  /** Told what was found, also where it is as before. */
  readonly onPlan: (plan: Plan) => void
}

/** Looks who has what, once a second, and whenever somebody doubts it. */
export class Topology {
  readonly #options: TopologyOptions
  #timer: Timer | undefined
  #isLooking = false
  #isDoubted = false
  #isClosed = false

  constructor(options: TopologyOptions) {
    this.#options = options
  }

  /** @throws Error where nobody can say */
  async start(): Promise<void> {
    const { finder, clock, onPlan } = this.#options
    onPlan(await finder.find())
    this.#timer ??= clock.every(LOOK_EVERY_MS, () => this.refresh())
  }

  /** Soon; however many ask for it. */
  refresh(): void {
    this.#isDoubted = true
    if (!this.#isLooking && !this.#isClosed) void this.#look()
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#options.finder.close()
  }

  async #look(): Promise<void> {
    const { finder, clock, onPlan } = this.#options
    this.#isLooking = true
    this.#isDoubted = false
    try {
      const plan = await finder.find()
      if (!this.#isClosed) onPlan(plan)
    } catch {
      // What was known goes on counting, until somebody can say.
    }
    clock.after(LOOK_AGAIN_MS, () => {
      this.#isLooking = false
      if (this.#isDoubted) this.refresh()
    })
  }
}
