import { RollcallError } from '@rollcall/protocol/error-code'
import { afterThisTurn, type Clock, type ServiceTime, type Timer } from '../clock/clock.ts'
import type { Log, Metrics, Statistics } from '../observe/observe.ts'
import type { Decision, Registration, RegistrationStore } from '../store/store.ts'
import { nextStep } from './lifecycle.ts'

/** Time between sweeps. Lateness is at most this, plus the time to work off what is due. */
const SWEEP_PERIOD_MS = 50
/** Registrations claimed at a time; between two claims everybody else gets a turn. */
const CLAIM_MAX = 1000

export type ExpiryContext = {
  readonly registrations: Pick<RegistrationStore, 'claimDue' | 'carryOut'>
  readonly serviceTime: ServiceTime
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'expiryLatenessMs' | 'registrationEnded'>
  readonly statistics: Pick<Statistics, 'of'>
  readonly log: Pick<Log, 'error'>
  readonly onReminderDue: (registration: Registration) => void
  readonly onExpired: (registration: Registration) => void
}

/** The bounded sweeper: claims what is due, in slices, and carries out what `lifecycle.ts` decides. */
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
      while ((await this.#sweepSlice()) === CLAIM_MAX && this.#timer !== undefined) await othersTurn()
    } catch (error) {
      // The store says no; what was due stays due, and the next sweep tries again. That it cannot write it says itself.
      if (error instanceof RollcallError && error.code === 'unavailable') return
      this.#context.log.error('sweep failed', { err: error instanceof Error ? error : undefined })
    }
  }

  async #sweepSlice(): Promise<number> {
    const { registrations, serviceTime } = this.#context
    const heardMs = serviceTime.heardMs()
    const claimed = await registrations.claimDue(heardMs, CLAIM_MAX)
    if (claimed.length === 0) return 0
    const decisions = claimed.map((registration) => ({ registration, step: nextStep(registration, heardMs) }))
    const carriedOut = await registrations.carryOut(decisions, heardMs)
    for (const decision of carriedOut) this.#report(decision, serviceTime.nowMs())
    return claimed.length
  }

  #report({ registration, step }: Decision, nowMs: number): void {
    const { metrics, statistics, onReminderDue, onExpired } = this.#context
    if (step === 'remind') this.#guard(() => onReminderDue(registration))
    if (step !== 'expire') return
    const lateMs = nowMs - registration.expiresAtMs
    metrics.expiryLatenessMs(lateMs)
    metrics.registrationEnded('expired')
    const { ended, expiryLatenessMs } = statistics.of(registration.organizationId)
    ended.expired++
    expiryLatenessMs.add(lateMs)
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
