import { RollcallError } from '@rollcall/protocol/error-code'
import { afterThisTurn, type Clock, type Timer } from '../clock/clock.ts'
import type { Log, Statistics } from '../observe/observe.ts'
import type { EntryPosition, Registration, Store } from '../store/store.ts'

/** Time between sweeps. Lateness is at most this, plus the time to work off what is due. */
const SWEEP_PERIOD_MS = 50
/** Registrations, and entries, looked at in one sweep; between two everybody else gets a turn. */
const SWEPT_MAX = 1000

export type ExpiryContext = {
  readonly store: Pick<Store, 'sweep'>
  readonly clock: Clock
  readonly statistics: Pick<Statistics, 'of'>
  readonly log: Pick<Log, 'error'>
  readonly onReminderDue: (registration: Registration) => void
  readonly onExpired: (registration: Registration) => void
  readonly onLapsed: (entries: readonly EntryPosition[]) => void
}

/** Has the store sweep, in slices, and tells what it did. */
export class Expiry {
  readonly #context: ExpiryContext
  #timer: Timer | undefined
  #sweep: Promise<void> | undefined

  constructor(context: ExpiryContext) {
    this.#context = context
  }

  start(): void {
    this.#timer ??= this.#context.clock.every(SWEEP_PERIOD_MS, () => this.#startSweep())
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#sweep
  }

  #startSweep(): void {
    // One at a time: a sweep that takes longer than the period is caught up with by the next.
    this.#sweep ??= this.#run().finally(() => {
      this.#sweep = undefined
    })
  }

  async #run(): Promise<void> {
    try {
      while ((await this.#sweepSlice()) === 0 && this.#timer !== undefined) await othersTurn()
    } catch (error) {
      // The store says no; what was due stays due, and the next sweep tries again. That it cannot write it says itself.
      if (error instanceof RollcallError && error.code === 'unavailable') return
      this.#context.log.error('sweep failed', { err: error instanceof Error ? error : undefined })
    }
  }

  /** Returns when the next is due. */
  async #sweepSlice(): Promise<number> {
    const { store, onReminderDue, onLapsed } = this.#context
    const { reminded, expired, lapsed, nextDueInMs } = await store.sweep(SWEPT_MAX)
    for (const registration of reminded) this.#guard(() => onReminderDue(registration))
    for (const registration of expired) this.#reportExpired(registration)
    if (lapsed.length > 0) this.#guard(() => onLapsed(lapsed))
    return nextDueInMs
  }

  #reportExpired(registration: Registration): void {
    const { statistics, onExpired } = this.#context
    statistics.of(registration.organizationId).registrationEnded('expired', -registration.remainingMs)
    this.#guard(() => onExpired(registration))
  }

  /** One endpoint's failing callback must not keep the others from expiring. */
  #guard(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#context.log.error('registrar callback failed', {
        err: error instanceof Error ? error : undefined,
      })
    }
  }
}

/** Lets everything that is ready run. A timer would do the same, a millisecond later each time. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => afterThisTurn(resolve))
}
