/** Thrown where masks would cost more than a request may; `masks.ts` then masks everything. */
export class WorkExhausted extends Error {
  constructor() {
    super('The masks need more steps than a request may take.')
    this.name = 'WorkExhausted'
  }
}

/** For each key that `Object.keys` lists. */
export const KEY_STEPS = 10

/** Counts down the steps that the masks of one request may still take. A step is some ten nanoseconds. */
export class Work {
  readonly #stepsMax: number
  #stepsLeft: number

  constructor(stepsMax: number) {
    this.#stepsMax = stepsMax
    this.#stepsLeft = stepsMax
  }

  /** Steps taken until now, no more than there were. */
  get taken(): number {
    return this.#stepsMax - Math.max(0, this.#stepsLeft)
  }

  /** @throws WorkExhausted */
  spend(steps: number): void {
    this.#stepsLeft -= steps
    if (this.#stepsLeft < 0) throw new WorkExhausted()
  }
}
