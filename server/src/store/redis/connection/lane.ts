import type { Clock } from '../../../clock/clock.ts'
import type { Group } from './group.ts'
import { carryOut } from './group.ts'
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
import type { Session } from './session.ts'
import type { Settled } from './settled.ts'
import { type Command, type Waiting, WaitingLine } from './waiting.ts'
import { type Answer, NotSentError, ReplyError, type Wire } from './wire.ts'

/** How long what was not carried out waits for its turn before it is refused, milliseconds. */
export const PATIENCE_MS = 2_000
/** Pause before what was not carried out is sent again, at first and at most, milliseconds. */
const PAUSE_MS = 50
const PAUSE_MS_MAX = 400
/** What may wait in all lanes. */
const WAITING_BYTES_MAX = 64 * 1024 ** 2
/** What a command takes beside its arguments, about. */
const COMMAND_BYTES = 200
/** What goes in one step: while it runs Redis does nothing else. */
const TOGETHER_MAX = 64
const TOGETHER_BYTES_MAX = 512 * 1024

/** What a function has missed in Redis. */
export type Missing = 'no_function' | 'no_partition'

/** What all lanes have in common. */
export type LaneOptions = {
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>
  /** Where a partition is now; `undefined`: nowhere that can be reached. */
  readonly sessionOf: (partition: number) => Session | undefined
  /** What waits in all of them. */
  readonly waiting: { bytes: number }
  readonly group: Group
  /** Redis has refused for now: somebody else may have the partition. */
  readonly onRefused: () => void
  /** Makes what a function has missed. Nothing else is sent meanwhile. */
  readonly onMissing: (what: Missing, command: Command, wire: Wire) => Promise<void>
  /** Redis has refused for so long that what waited was given up, with what it says. */
  readonly onGivenUp: (partition: number, refusal: string) => void
  /** A change was carried out. `takesMemory`: it was one that a Redis without any would have refused. */
  readonly onTaken: (partition: number, takesMemory: boolean) => void
  /** Told when Redis has no memory for something. */
  readonly onFull: () => void
  /** Told of an error of Redis that nobody has thought of. */
  readonly onFault: (error: Error) => void
  /** Something waits, and is to be given up in time. */
  readonly onWaiting: () => void
  /** Told when nothing is under way and nothing waits. */
  readonly onIdle: () => void
}

/**
 * One partition's commands in their order, wherever the partition is. One group of them is under way at a time, so that what
 * Redis has not carried out, whatever the reason and however soon that is over, comes before what came later, also
 * where another Redis has the partition then. It is tried for two seconds. Of what was sent and lost on the way only questions
 * are asked again.
 */
export class Lane {
  readonly #partition: number
  readonly #options: LaneOptions
  readonly #line = new WaitingLine()
  #isClosed = false
  #isUnderWay = false
  #isPausing = false
  #pauseMs = PAUSE_MS
  #uncopied = 0
  /** Why a change was not carried out the last time. */
  #refusal: string | undefined

  constructor(partition: number, options: LaneOptions) {
    this.#partition = partition
    this.#options = options
  }

  get isIdle(): boolean {
    return !this.#isUnderWay && this.#uncopied === 0 && this.#line.isEmpty
  }

  /**
   * @throws RollcallError `unavailable`: decided where it was not carried out, undecided where nobody knows
   */
  send(command: Command): Promise<Answer> {
    const bytes = command.args.reduce((sum, arg) => sum + arg.length, COMMAND_BYTES)
    if (this.#isClosed) return Promise.reject(refused(CLOSED))
    const { waiting, clock } = this.#options
    if (waiting.bytes + bytes > WAITING_BYTES_MAX) return Promise.reject(refused(BEHIND))
    return new Promise((resolve, reject) => {
      const givenUpAtMs = clock.monotonicMs() + PATIENCE_MS
      this.#counted(() =>
        this.#line.add({ ...command, bytes, givenUpAtMs, hasMissed: false, resolve, reject }),
      )
      this.flush()
    })
  }

  /** Sends what waits, where that may be. */
  flush(): void {
    if (this.#line.isEmpty || this.#isUnderWay || this.#isClosed) return
    const session = this.#isPausing ? undefined : this.#options.sessionOf(this.#partition)
    if (session === undefined) {
      this.#options.onWaiting()
      return
    }
    const group = this.#counted(() => this.#line.takeGroup(TOGETHER_MAX, TOGETHER_BYTES_MAX))
    void this.#carryOut(session, group)
  }

  /** Refuses what has waited for too long. */
  giveUp(): void {
    const late = this.#counted(() => this.#line.takeLate(this.#options.clock.monotonicMs()))
    if (this.#refusal !== undefined && late.some(({ isRepeatable }) => !isRepeatable))
      this.#options.onGivenUp(this.#partition, this.#refusal)
    for (const waiting of late) waiting.reject(refused(AWAY))
    if (!this.#line.isEmpty) this.#options.onWaiting()
    this.#settled()
  }

  /** Sends nothing more. What waits is refused. */
  close(): void {
    this.#isClosed = true
    for (const waiting of this.#counted(() => this.#line.takeAll())) waiting.reject(refused(CLOSED))
    this.#settled()
  }

  async #carryOut(session: Session, group: readonly Waiting[]): Promise<void> {
    this.#isUnderWay = true
    const { settled: settling, haveCopies } = carryOut(session, group, this.#options.group)
    const settled = await settling
    this.#isUnderWay = false
    const again: Waiting[] = []
    let missing: Missing | undefined
    for (const [index, waiting] of group.entries()) {
      const one = settled[index]
      const next = one === undefined ? undefined : this.#settle(waiting, one, haveCopies)
      if (next === undefined) continue
      again.push(waiting)
      if (next !== 'again') missing ??= next
    }
    if (again.length > 0) this.#again(session, again, missing)
    else this.#pauseMs = PAUSE_MS
    this.flush()
    this.#settled()
  }

  /** Returns whether it has to be sent again, and what has to be made before. */
  #settle(waiting: Waiting, one: Settled, haveCopies: Promise<boolean>): 'again' | Missing | undefined {
    if (one.kind === 'answered') {
      if (!waiting.isRepeatable) this.#taken(waiting)
      waiting.onCarriedOut?.(one.answer)
      if (waiting.isDurable === true && !waiting.isRepeatable)
        void this.#copied(waiting, one.answer, haveCopies)
      else waiting.resolve(one.answer)
      return undefined
    }
    const { error } = one
    if (!(error instanceof ReplyError)) this.#refusal = undefined
    if (error instanceof NotSentError) return 'again'
    if (!(error instanceof ReplyError)) {
      if (waiting.isRepeatable && !this.#isClosed) return 'again'
      waiting.reject(undecided(SLOW, error))
      return undefined
    }
    return this.#refused(waiting, error)
  }

  #taken({ company }: Waiting): void {
    this.#refusal = undefined
    this.#options.onTaken(this.#partition, company === 'other')
  }

  #refused(waiting: Waiting, error: ReplyError): 'again' | Missing | undefined {
    const meaning = meaningOf(error.message)
    if (meaning === 'not_yet' && !waiting.isRepeatable) this.#refusal = error.message
    if (meaning === 'not_yet') return 'again'
    if (meaning === 'full') {
      this.#options.onFull()
      waiting.reject(refused(FULL, error))
      return undefined
    }
    if (meaning === 'failed' || waiting.hasMissed) {
      this.#options.onFault(error)
      waiting.reject(undecided(FAILED, error))
      return undefined
    }
    waiting.hasMissed = true
    return meaning
  }

  async #copied(waiting: Waiting, answer: Answer, haveCopies: Promise<boolean>): Promise<void> {
    this.#uncopied++
    if (await haveCopies) waiting.resolve(answer)
    else waiting.reject(undecided(FEW_COPIES))
    this.#uncopied--
    this.#settled()
  }

  #again(session: Session, group: readonly Waiting[], missing: Missing | undefined): void {
    if (this.#isClosed) {
      for (const waiting of group) waiting.reject(refused(CLOSED))
      return
    }
    this.#counted(() => this.#line.putBack(group))
    this.#isPausing = true
    const [first] = group
    if (missing === undefined || first === undefined || session.wire === undefined) {
      this.#options.onRefused()
      this.#goOnLater()
      return
    }
    const { onMissing } = this.#options
    void onMissing(missing, first, session.wire)
      .catch(() => undefined)
      .then(() => this.#goOn())
  }

  #goOnLater(): void {
    this.#options.clock.after(this.#pauseMs, () => this.#goOn())
    this.#pauseMs = Math.min(PAUSE_MS_MAX, 2 * this.#pauseMs)
  }

  #goOn(): void {
    this.#isPausing = false
    this.giveUp()
    this.flush()
  }

  #settled(): void {
    if (this.isIdle) this.#options.onIdle()
  }

  #counted<Result>(change: () => Result): Result {
    const before = this.#line.bytes
    const result = change()
    this.#options.waiting.bytes += this.#line.bytes - before
    return result
  }
}
