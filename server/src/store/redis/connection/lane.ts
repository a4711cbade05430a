import type { Clock, Timer } from '../../../clock/clock.ts'
import {
  AWAY,
  BEHIND,
  CLOSED,
  FAILED,
  FEW_COPIES,
  FULL,
  meaningOf,
  refused,
  SLOW,
  undecided,
} from './refusals.ts'
import { type Command, type Waiting, WaitingLine } from './waiting.ts'
import { type Answer, ReplyError, type Wire } from './wire.ts'

/** How long what was not carried out waits for its turn before it is refused, milliseconds. */
const PATIENCE_MS = 2_000
/** Pause before what was not carried out is sent again, and before a lost connection is made anew, milliseconds. */
const PAUSE_MS = 50
const RECONNECT_MS_MAX = 1_000
/** What may wait in one lane. */
const WAITING_BYTES_MAX = 64 * 1024 ** 2
/** What a command takes beside its arguments, about. */
const COMMAND_BYTES = 200
/** How long Redis waits for its replicas. */
const WAIT_MS = 500

/** What a function has missed in Redis. */
export type Missing = 'no_function' | 'no_partition'

export type LaneOptions = {
  /** Makes a connection that is not open yet. */
  readonly connect: (onLost: () => void) => Wire
  /** Done on each new connection before anything else is sent over it. */
  readonly greet: (wire: Wire) => Promise<void>
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>
  /** How many replicas have what was sent before it counts as done. 0: nobody is waited for. */
  readonly replicas: number
  /** Told when the lane is up or not, with what is wrong. */
  readonly onState: (failure: string | undefined) => void
  /** Makes what a function has missed. Nothing else is sent meanwhile. */
  readonly onMissing: (what: Missing, command: Command, wire: Wire) => Promise<void>
  /** Told when Redis has no memory for something. */
  readonly onFull: () => void
  /** Told of an error of Redis that nobody has thought of. */
  readonly onFault: (error: Error) => void
}

/**
 * Commands in their order over one connection, which is made anew when it is lost. What Redis has not carried out is sent
 * again, before what came later, for two seconds; of what was lost on the way only questions are asked again. With replicas
 * one group is under way at a time, and none of it counts before they have all of it.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #line = new WaitingLine()
  readonly #idle: (() => void)[] = []
  #wire: Wire | undefined
  #isUp = false
  #isClosed = false
  #isPausing = false
  #making: Promise<void> = Promise.resolve()
  #underWay = 0
  #orders = 0
  #reconnectMs = PAUSE_MS
  #goingOn: Timer | undefined
  #givingUp: Timer | undefined

  constructor(options: LaneOptions) {
    this.#options = options
  }

  get waitingBytes(): number {
    return this.#line.bytes
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Makes the first connection; rejects where that fails. */
  async open(): Promise<void> {
    await this.#connect()
  }

  /**
   * @throws RollcallError `unavailable`: decided where it was not carried out, undecided where nobody knows
   */
  send(command: Command): Promise<Answer> {
    const bytes = command.args.reduce((sum, arg) => sum + arg.length, COMMAND_BYTES)
    if (this.#isClosed) return Promise.reject(refused(CLOSED))
    if (this.#line.bytes + bytes > WAITING_BYTES_MAX) return Promise.reject(refused(BEHIND))
    return new Promise((resolve, reject) => {
      const givenUpAtMs = this.#options.clock.monotonicMs() + PATIENCE_MS
      const order = this.#orders++
      this.#line.add({ ...command, bytes, order, givenUpAtMs, hasMissed: false, resolve, reject })
      this.#flush()
    })
  }

  /** Resolves once nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    if (this.#underWay === 0 && this.#line.isEmpty) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Sends nothing more, and ends the connection. What waits is refused. */
  close(): void {
    this.#isClosed = true
    this.#goingOn?.cancel()
    this.#givingUp?.cancel()
    for (const waiting of this.#line.takeAll()) waiting.reject(refused(CLOSED))
    this.#wire?.close()
    this.#settled()
  }

  /** Sends all that waits, where that may be. */
  #flush(): void {
    if (this.#line.isEmpty) return
    const wire = this.#wire
    if (wire === undefined || !this.#isUp || this.#isPausing) {
      this.#giveUpLater()
    } else if (this.#options.replicas === 0) {
      for (const waiting of this.#line.takeAll()) void this.#carryOut(wire, waiting)
    } else if (this.#underWay === 0) {
      void this.#carryOutGroup(wire, this.#line.takeAll())
    }
  }

  async #carryOut(wire: Wire, waiting: Waiting): Promise<void> {
    this.#underWay++
    try {
      waiting.resolve(await wire.send('FCALL', waiting.args))
    } catch (error) {
      this.#failed(waiting, error)
    }
    this.#underWay--
    this.#settled()
  }

  /** `WAIT` tells of what was sent before it over the same connection. */
  async #carryOutGroup(wire: Wire, group: readonly Waiting[]): Promise<void> {
    this.#underWay++
    const { replicas } = this.#options
    const answers = group.map((waiting) => settle(wire.send('FCALL', waiting.args)))
    const copies = await settle(wire.send('WAIT', [String(replicas), String(WAIT_MS)]))
    const areEnough = copies.kind === 'answered' && Number(copies.answer) >= replicas
    for (const [index, waiting] of group.entries()) {
      const outcome = await answers[index]
      if (outcome?.kind !== 'answered') this.#failed(waiting, outcome?.error)
      else if (areEnough || waiting.isRepeatable) waiting.resolve(outcome.answer)
      else waiting.reject(undecided(FEW_COPIES))
    }
    this.#underWay--
    this.#settled()
    this.#flush()
  }

  #failed(waiting: Waiting, error: unknown): void {
    if (!(error instanceof ReplyError)) {
      if (waiting.isRepeatable && !this.#isClosed) this.#putBack(waiting)
      else waiting.reject(undecided(SLOW, error))
      return
    }
    const meaning = meaningOf(error.message)
    if (meaning === 'full') {
      this.#options.onFull()
      waiting.reject(refused(FULL, error))
    } else if (meaning === 'not_yet') this.#again(waiting)
    else if (meaning === 'failed' || waiting.hasMissed) {
      this.#options.onFault(error)
      waiting.reject(undecided(FAILED, error))
    } else this.#makeUpFor(meaning, waiting)
  }

  #makeUpFor(what: Missing, waiting: Waiting): void {
    const wire = this.#wire
    if (wire === undefined) {
      waiting.reject(refused(AWAY))
      return
    }
    waiting.hasMissed = true
    this.#again(waiting)
    this.#making = this.#making
      .then(() => this.#options.onMissing(what, waiting, wire))
      .catch(() => undefined)
  }

  #putBack(waiting: Waiting): void {
    this.#line.add(waiting)
    this.#giveUpLater()
  }

  /** After a pause, in which whatever was sent behind it comes back too. */
  #again(waiting: Waiting): void {
    this.#putBack(waiting)
    this.#isPausing = true
    this.#goOnLater()
  }

  #goOnLater(): void {
    this.#goingOn?.cancel()
    this.#goingOn = this.#options.clock.after(PAUSE_MS, () => void this.#goOn())
  }

  async #goOn(): Promise<void> {
    await this.#making
    if (this.#underWay > 0) return this.#goOnLater()
    this.#isPausing = false
    this.#giveUp()
    this.#flush()
  }

  #settled(): void {
    if (this.#underWay > 0 || !this.#line.isEmpty) return
    for (const tell of this.#idle.splice(0)) tell()
  }

  #giveUpLater(): void {
    this.#givingUp ??= this.#options.clock.after(PATIENCE_MS / 4, () => {
      this.#givingUp = undefined
      this.#giveUp()
      if (!this.#line.isEmpty) this.#giveUpLater()
    })
  }

  #giveUp(): void {
    const late = this.#line.takeLate(this.#options.clock.monotonicMs())
    for (const waiting of late) waiting.reject(refused(AWAY))
    this.#settled()
  }

  async #connect(): Promise<void> {
    const wire: Wire = this.#options.connect(() => this.#lost(wire))
    this.#wire = wire
    try {
      await wire.open()
      await this.#options.greet(wire)
    } catch (error) {
      wire.close()
      throw error
    }
    if (this.#isClosed) return wire.close()
    this.#isUp = true
    this.#reconnectMs = PAUSE_MS
    this.#options.onState(undefined)
    this.#flush()
  }

  #lost(wire: Wire): void {
    if (wire !== this.#wire || this.#isClosed || !this.#isUp) return
    this.#isUp = false
    this.#options.onState(AWAY)
    this.#reconnectLater()
  }

  #reconnectLater(): void {
    this.#options.clock.after(this.#reconnectMs, () => {
      if (this.#isClosed) return
      this.#connect().catch((error: Error) => {
        this.#options.onState(error.message)
        this.#reconnectMs = Math.min(RECONNECT_MS_MAX, 2 * this.#reconnectMs)
        this.#reconnectLater()
      })
    })
  }
}

type Settled =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: unknown }

async function settle(answer: Promise<Answer>): Promise<Settled> {
  try {
    return { kind: 'answered', answer: await answer }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
