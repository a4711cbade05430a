import type { Clock } from '../../../server/src/clock/clock.ts'
import type { openWakeUps } from '../../../server/src/webhooks/webhooks.ts'
import type { ProcessClock } from '../../helpers/process-clock.ts'

type OpenReceiver = NonNullable<Parameters<typeof openWakeUps>[0]['openReceiver']>

export const WAKE_WEBHOOK = 'push'
export const WAKE_REST_MS = 6_000
/** What one process had begun before another took over may still arrive so much later. */
const LATE_MS = 3_000

/**
 * Who wakes phones, as the organizations' webhook: each at most once in a time, whichever processes the events come to, and
 * never with more than the event's id and type. Where processes come and go, or words are lost, it may be once more.
 */
export class WakeReceiver {
  readonly #clock: Clock
  readonly #registrationIdOf: (phone: string) => Promise<number | undefined>
  /** When something was last wrong, on the same clock. */
  readonly #troubledAtMs: () => number
  readonly #onViolation: (error: Error) => void
  /** When each was woken last, by its registration: who registers anew is somebody else. */
  readonly #wokenAtMs = new Map<number, number>()
  received = 0
  judged = 0

  constructor(
    clock: Clock,
    registrationIdOf: (phone: string) => Promise<number | undefined>,
    troubledAtMs: () => number,
    onViolation: (error: Error) => void,
  ) {
    this.#clock = clock
    this.#registrationIdOf = registrationIdOf
    this.#troubledAtMs = troubledAtMs
    this.#onViolation = onViolation
  }

  openFor(process: ProcessClock): ReturnType<OpenReceiver> {
    return {
      post: (_, { body }) => process.hear(this.#post(body.toString())),
      close: () => undefined,
    }
  }

  async #post(body: string): Promise<undefined> {
    this.received++
    if (body.includes('secret')) this.#onViolation(new Error(`a wake-up has more than an id: ${body}`))
    const { token } = JSON.parse(body).events[0]
    const registrationId = await this.#registrationIdOf(token)
    if (registrationId === undefined) return undefined
    this.#judge(token, registrationId)
    this.#wokenAtMs.set(registrationId, this.#clock.monotonicMs())
    return undefined
  }

  #judge(phone: string, registrationId: number): void {
    const nowMs = this.#clock.monotonicMs()
    const beforeMs = this.#wokenAtMs.get(registrationId)
    if (beforeMs === undefined) return
    this.judged++
    const isTooSoon = nowMs - beforeMs < WAKE_REST_MS
    if (isTooSoon && this.#troubledAtMs() < beforeMs - LATE_MS)
      this.#onViolation(new Error(`${phone} was woken again after ${nowMs - beforeMs} ms`))
  }
}
