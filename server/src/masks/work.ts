/** Thrown where masks would cost more than an event may; `masks.ts` then masks everything. */
export class WorkExhausted extends Error {
  constructor() {
    super('The masks need more steps than an event may take.')
    this.name = 'WorkExhausted'
  }
}

/** Counts down the steps that evaluating masks may still take. A step is some ten nanoseconds. */
export class Work {
  #stepsLeft: number

  constructor(stepsMax: number) {
    this.#stepsLeft = stepsMax
  }

  /** @throws WorkExhausted */
  spend(steps: number): void {
    this.#stepsLeft -= steps
    if (this.#stepsLeft < 0) throw new WorkExhausted()
  }
}
