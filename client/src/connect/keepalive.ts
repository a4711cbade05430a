import { RollcallError } from '@rollcall/protocol/error-code'
import type { ClientClock } from '../platform.ts'

/** However soon a token ends, by a clock that may be wrong: not one keepalive after the other. */
const RENEW_MS_MIN = 1_000

export type KeepAliveOptions = {
  readonly clock: ClientClock
  readonly periodMs: number
  /** Time until the token that the server has should be replaced; at most 0 where that is not known or too late. */
  readonly renewInMs: () => number
  /** Sends one keepalive. */
  readonly beat: () => Promise<void>
  /** The registration or the authorization is gone. Nothing is sent any more. */
  readonly onLost: (error: unknown) => void
}

/**
 * Keeps a registration alive: at half of its period, and at once when the server reminds or the app wakes up, since
 * timers of a hidden tab may be a minute late. One also goes out shortly before the end of the token, since the
 * connection would end with it. A keepalive that finds no server is tried again soon.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions
  #timer: { cancel(): void } | undefined
  #isBeating = false
  #isStopped = false

  constructor(options: KeepAliveOptions) {
    this.#options = options
    this.#schedule(options.periodMs / 2)
  }

  /** One now, unless one is under way. Never rejects. */
  async beat(): Promise<void> {
    if (this.#isBeating || this.#isStopped) return
    this.#isBeating = true
    this.#timer?.cancel()
    const { beat, onLost, periodMs } = this.#options
    try {
      await beat()
      this.#schedule(periodMs / 2)
    } catch (error) {
      const isLost =
        error instanceof RollcallError &&
        ['endpoint_unknown', 'unauthorized', 'forbidden'].includes(error.code)
      if (!isLost) this.#schedule(periodMs / 6)
      else if (!this.#isStopped) onLost(error)
    } finally {
      this.#isBeating = false
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return
    const { clock, renewInMs } = this.#options
    const renewMs = renewInMs()
    this.#timer = clock.after(
      renewMs > 0 ? Math.min(delayMs, Math.max(renewMs, RENEW_MS_MIN)) : delayMs,
      () => void this.beat(),
    )
  }
}
