import { RollcallError } from '@rollcall/protocol/error-code'

/** Signatures that are checked at a time: they run on the process's worker threads, which the disk needs as well. */
const RUNNING_MAX = 4
/** Tokens that wait to be checked. Each belongs to a request or a CONNECT; past it they are refused. */
const WAITING_MAX = 2_000

/**
 * A short queue before the signatures: a crowd that comes back at once is let in one after the other, and a flood of
 * forgeries waits behind itself. Tokens that are known never come here.
 */
export class CheckQueue {
  readonly #runningMax: number
  readonly #waitingMax: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(runningMax = RUNNING_MAX, waitingMax = WAITING_MAX) {
    this.#runningMax = runningMax
    this.#waitingMax = waitingMax
  }

  /** @throws RollcallError `unavailable` where too many wait */
  async run<T>(check: () => Promise<T>): Promise<T> {
    if (this.#running < this.#runningMax) this.#running++
    else await this.#turn()
    try {
      return await check()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  /** Resolves when another check has ended and left its place. */
  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax)
      throw new RollcallError('unavailable', 'Too many tokens wait to be checked.', { retryAfterSeconds: 1 })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
