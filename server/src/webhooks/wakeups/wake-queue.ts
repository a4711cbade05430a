import type { Clock, Timer } from '../../clock/clock.ts'
import type { RegistrationKey } from '../../store/store.ts'
import type { WakeEvent } from './wake-request.ts'

/** Requests under way at a time, in all and of one organization: slow push services hold up only their own. */
const UNDER_WAY_MAX = 16
const UNDER_WAY_OF_ONE_MAX = 8
/** Devices that are remembered: those that wait, and those that were woken lately. */
const DEVICES_MAX = 100_000
/** Entries of one device that one wake-up is noted for. */
const SEQUENCES_MAX = 32
/** When what failed is tried again, milliseconds. */
const RETRIES_MS = [2_000, 10_000] as const
/** Devices looked at for one that may be forgotten. */
const FORGET_TRIES = 64

/** What came of one attempt. */
export type WakeResult = 'woken' | 'again' | 'failed' | 'gone' | 'connected'

/** Whom to wake, and for what. */
export type WakeAttempt = {
  readonly registration: RegistrationKey
  /** The first event that waits; `undefined`: it is not known which. */
  readonly event: WakeEvent | undefined
  /** Places in the mailbox of the events that it is woken for. */
  readonly sequences: readonly number[]
}

/** A device that is to be woken, or was. */
type Sleeper = {
  readonly registration: RegistrationKey
  event: WakeEvent | undefined
  sequences: number[]
  state: 'waiting' | 'under_way' | 'pausing' | 'resting'
  /** Something came after the attempt that is under way, or the one that was the last. */
  hasMore: boolean
  failures: number
  timer: Timer | undefined
}

export type WakeQueueOptions = {
  readonly clock: Clock
  /** Never rejects. */
  readonly attempt: (attempt: WakeAttempt) => Promise<WakeResult>
  /** Whether another looks after the device by now, and was told of this; asked of each that is to be woken once more. */
  readonly handOn: (attempt: WakeAttempt) => boolean
  /** There was no room: the device is not woken. */
  readonly onDropped: (registration: RegistrationKey) => void
  /** Each device is woken at most once in this time, milliseconds. */
  readonly restMs: number
  /** Devices of one organization that may wait. */
  readonly waitingMax: number
}

/**
 * Whom to wake next. Organizations take turns; each device is woken at most once in a time, and what comes meanwhile has it
 * woken again at the end of it, unless it has connected by then: no event is passed over in silence.
 */
export class WakeQueue {
  readonly #options: WakeQueueOptions
  readonly #sleepers = new Map<number, Sleeper>()
  /** Those that wait, by organization, in the order of their turns. */
  readonly #waiting = new Map<string, Sleeper[]>()
  readonly #underWay = new Map<string, number>()
  #underWayCount = 0
  #isClosed = false

  constructor(options: WakeQueueOptions) {
    this.#options = options
  }

  /** Devices that wait to be woken. */
  get waitingCount(): number {
    return [...this.#waiting.values()].reduce((count, ofOne) => count + ofOne.length, 0)
  }

  /** Something waits for a device that has no link. */
  wake(attempt: WakeAttempt): void {
    if (this.#isClosed) return
    const known = this.#sleepers.get(attempt.registration.registrationId)
    if (known === undefined) this.#add(attempt)
    else this.#noteMore(known, attempt)
  }

  #add({ registration, event, sequences }: WakeAttempt): void {
    const ofOne = this.#waiting.get(registration.organizationId)?.length ?? 0
    if (ofOne >= this.#options.waitingMax || !this.#makeRoom()) {
      this.#options.onDropped(registration)
      return
    }
    const sleeper: Sleeper = {
      registration,
      event,
      sequences: [...sequences],
      state: 'waiting',
      hasMore: false,
      failures: 0,
      timer: undefined,
    }
    this.#sleepers.set(registration.registrationId, sleeper)
    this.#line(sleeper)
  }

  /** The device has a link: it gets everything by that. */
  connected(registrationId: number): void {
    const sleeper = this.#sleepers.get(registrationId)
    if (sleeper === undefined) return
    sleeper.hasMore = false
    sleeper.sequences = []
    if (sleeper.state !== 'waiting' && sleeper.state !== 'pausing') return
    this.#unline(sleeper)
    this.#forget(sleeper)
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#sleepers.values()) timer?.cancel()
    this.#sleepers.clear()
    this.#waiting.clear()
  }

  #noteMore(sleeper: Sleeper, { event, sequences }: WakeAttempt): void {
    const isNext = sleeper.state === 'under_way' || sleeper.state === 'resting'
    if (isNext && !sleeper.hasMore) {
      sleeper.hasMore = true
      if (sleeper.state === 'resting') sleeper.sequences = []
      sleeper.event = event
    }
    // It is said by which event, as soon as that is known.
    else sleeper.event ??= event
    sleeper.sequences.push(...sequences.slice(0, Math.max(0, SEQUENCES_MAX - sleeper.sequences.length)))
  }

  #makeRoom(): boolean {
    if (this.#sleepers.size < DEVICES_MAX) return true
    let tries = FORGET_TRIES
    for (const sleeper of this.#sleepers.values()) {
      if (tries-- === 0) return false
      if (sleeper.state !== 'resting' || sleeper.hasMore) continue
      // It may be woken again sooner: better than that another is not at all.
      this.#forget(sleeper)
      return true
    }
    return false
  }

  #line(sleeper: Sleeper): void {
    const { organizationId } = sleeper.registration
    sleeper.state = 'waiting'
    const line = this.#waiting.get(organizationId)
    if (line === undefined) this.#waiting.set(organizationId, [sleeper])
    else line.push(sleeper)
    this.#begin()
  }

  #unline(sleeper: Sleeper): void {
    const { organizationId } = sleeper.registration
    const line = this.#waiting.get(organizationId) ?? []
    const at = line.indexOf(sleeper)
    if (at >= 0) line.splice(at, 1)
    if (line.length === 0) this.#waiting.delete(organizationId)
  }

  #begin(): void {
    for (const [organizationId, line] of [...this.#waiting]) {
      if (this.#underWayCount >= UNDER_WAY_MAX) return
      if ((this.#underWay.get(organizationId) ?? 0) >= UNDER_WAY_OF_ONE_MAX) continue
      const next = line.shift()
      // To the end of the turns.
      this.#waiting.delete(organizationId)
      if (line.length > 0) this.#waiting.set(organizationId, line)
      if (next !== undefined) void this.#attempt(next)
    }
  }

  async #attempt(sleeper: Sleeper): Promise<void> {
    const { organizationId } = sleeper.registration
    const { registration, event, sequences } = sleeper
    sleeper.state = 'under_way'
    sleeper.sequences = []
    this.#count(organizationId, 1)
    const result = await this.#options.attempt({ registration, event, sequences })
    this.#count(organizationId, -1)
    if (this.#isClosed) return
    if (result === 'again') {
      sleeper.event = event
      sleeper.sequences = [...sequences, ...sleeper.sequences]
    }
    this.#conclude(sleeper, result)
    this.#begin()
  }

  #conclude(sleeper: Sleeper, result: WakeResult): void {
    const retryMs = RETRIES_MS[sleeper.failures]
    if (result === 'again' && retryMs !== undefined) {
      sleeper.failures++
      sleeper.state = 'pausing'
      this.#after(sleeper, retryMs, () => this.#lineAgain(sleeper))
    } else if (result !== 'gone' && result !== 'connected') this.#rest(sleeper)
    // It has gone again, and something came after it was looked for.
    else if (sleeper.hasMore) this.#lineAnew(sleeper)
    else this.#forget(sleeper)
  }

  #rest(sleeper: Sleeper): void {
    sleeper.state = 'resting'
    sleeper.failures = 0
    if (!sleeper.hasMore) sleeper.sequences = []
    this.#after(sleeper, this.#options.restMs, () => {
      if (sleeper.hasMore) this.#lineAnew(sleeper)
      else this.#forget(sleeper)
    })
  }

  #lineAnew(sleeper: Sleeper): void {
    sleeper.hasMore = false
    sleeper.failures = 0
    this.#lineAgain(sleeper)
  }

  /** Who began to wake it need not be who goes on: two that each went on would wake it twice in a time. */
  #lineAgain(sleeper: Sleeper): void {
    const { registration, event, sequences } = sleeper
    if (this.#options.handOn({ registration, event, sequences })) this.#forget(sleeper)
    else this.#line(sleeper)
  }

  #after(sleeper: Sleeper, delayMs: number, run: () => void): void {
    sleeper.timer = this.#options.clock.after(delayMs, () => {
      sleeper.timer = undefined
      if (!this.#isClosed) run()
    })
  }

  #forget(sleeper: Sleeper): void {
    sleeper.timer?.cancel()
    this.#sleepers.delete(sleeper.registration.registrationId)
  }

  #count(organizationId: string, more: 1 | -1): void {
    this.#underWayCount += more
    const count = (this.#underWay.get(organizationId) ?? 0) + more
    if (count === 0) this.#underWay.delete(organizationId)
    else this.#underWay.set(organizationId, count)
  }
}
