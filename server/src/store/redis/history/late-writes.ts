import { RollcallError } from '@rollcall/protocol/error-code'

/** Writes that are kept for later while Redis is away. */
const WAITING_MAX = 1_000

/** Writes that nobody waits for. What Redis was not there for is written when it is there again, as far as there is room. */
export class LateWrites {
  #waiting: (() => Promise<unknown>)[] = []

  begin(write: () => Promise<unknown>): void {
    write().catch((error) => {
      // What may have been written is not written twice.
      const isDecided = error instanceof RollcallError && !error.isUndecided
      if (isDecided && this.#waiting.length < WAITING_MAX) this.#waiting.push(write)
    })
  }

  /** Called now and then. */
  catchUp(): void {
    const all = this.#waiting
    this.#waiting = []
    for (const write of all) this.begin(write)
  }
}
