import type { Clock } from '../../../clock/clock.ts'
import type { StoreLog } from '../../store-log.ts'
import { DamageError, StoreLostError } from '../disk/damage.ts'
import { CANNOT_WRITE, CLOSED, FULL, refusal, TOO_MUCH, toError, undecided } from '../refusal.ts'
import type { Rows, Table } from '../rows.ts'
import { Commit } from './commit.ts'
import { Gathering } from './gathering.ts'

/** Bytes that may wait to be written. Past it nothing new is taken on. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024
/** Past this no events are: the rest is for what keeps people reachable and signed in, which is small. */
const WAITING_BYTES_MAX_FOR_EVENTS = (WAITING_BYTES_MAX * 3) / 4
/** Changes at which a commit is written though nobody waits: handing over many at once would stall the process. */
const CHANGES_MAX = 5_000
/** Commits that may be complete before their turn: past it what comes waits where it is, for a bound of its own. */
const SEALED_MAX = 32
/** A commit that takes longer than this counts as a failure of the disk, milliseconds. */
const STUCK_MS = 5_000
const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 5_000

/** Its time passes only while the process runs: a write is not stuck because the process was. */
type JournalClock = Pick<Clock, 'after' | 'monotonicMs'>

/** Adds what goes with every commit. */
export type Prepare = (commit: Commit, isLast: boolean) => void

/**
 * Group commit. Operations have changed memory already; here they leave the changes of rows, which go to disk
 * in the order of the calls, many operations in one commit, one commit at a time.
 *
 * When a commit fails, memory stays as it is and is ahead of the disk: those who waited are refused, nothing
 * new is taken on, and the very same changes are tried again until they are written. So memory and disk
 * cannot part ways, whatever the failed commit left behind.
 */
export class Journal {
  readonly #rows: Rows
  readonly #clock: JournalClock
  readonly #log: StoreLog
  readonly #prepare: Prepare
  #filling = new Commit(1)
  /** Complete, and written one after the other before what is being filled. */
  #sealed: Commit[] = []
  #running: { readonly commit: Commit; readonly sinceMs: number; readonly ended: Promise<void> } | undefined
  readonly #gathering = new Gathering(
    () => this.#filling.waiting,
    () => {
      if (this.#isWorking()) this.#commit()
    },
  )
  #durableCommit = 0
  #failure: unknown
  #closed = false
  #isStuckTold = false
  #refusals = 0

  constructor(rows: Rows, clock: JournalClock, log: StoreLog, prepare: Prepare) {
    this.#rows = rows
    this.#clock = clock
    this.#log = log
    this.#prepare = prepare
  }

  /** Number of the commit that is being filled. */
  get commitNumber(): number {
    return this.#filling.number
  }

  /** Whether everything up to and including this commit is durable. */
  isDurable(commitNumber: number): boolean {
    return commitNumber <= this.#durableCommit
  }

  /** Whether changes wait that nobody has asked to be written yet. */
  get isBehind(): boolean {
    return this.#filling.changes.length > 0
  }

  put(table: Table, key: Uint8Array, value: Uint8Array): void {
    this.#filling.put(table, key, value)
    if (this.#filling.changes.length >= CHANGES_MAX) this.#gather()
  }

  remove(table: Table, key: Uint8Array): void {
    this.#filling.remove(table, key)
    if (this.#filling.changes.length >= CHANGES_MAX) this.#gather()
  }

  /** Resolves once every change left so far is durable; has them written as soon as possible. */
  durable(): Promise<void> {
    const promise = this.#filling.wait()
    this.#gather()
    return promise
  }

  /** Gathers what comes into one commit, until the function returned is called, or for a bounded time. */
  hold(): () => void {
    return this.#gathering.hold()
  }

  /** Writes what was left without anybody waiting for it. */
  flush(): void {
    if (this.#running === undefined && !this.#gathering.isOn && this.#isWorking()) this.#commit()
  }

  /**
   * The same where much was left, between two operations: while a commit is written what comes begins another. One that
   * took up all of a fast second would have megabytes, need a log of its own, and take so long that the next is larger.
   */
  flushMuch(): void {
    if (this.#running === undefined) this.flush()
    else if (this.#isWorking() && this.#sealed.length < SEALED_MAX)
      this.#sealed.push(this.#takeFilling(false))
  }

  get isOpen(): boolean {
    return !this.#closed
  }

  /** Whether there is room for changes that nobody waits for, however the disk is. */
  get hasRoom(): boolean {
    return this.waitingBytes <= WAITING_BYTES_MAX
  }

  /** Bytes that wait to be written. */
  get waitingBytes(): number {
    const sealed = this.#sealed.reduce((sum, { bytes }) => sum + bytes, 0)
    return this.#filling.bytes + sealed + (this.#running?.commit.bytes ?? 0)
  }

  /** Throws what every operation of a closed store is refused with. */
  assertOpen(): void {
    if (this.#closed) throw refusal(CLOSED)
  }

  /** Throws what an operation that has to know what is on disk is refused with now. */
  assertReadable(): void {
    const failure = this.failure()
    if (failure !== undefined) throw this.#refuse(failure)
  }

  /** Throws what an operation that writes is refused with now. */
  assertWritable(): void {
    this.assertReadable()
    if (!this.hasRoom) throw this.#refuse(TOO_MUCH)
  }

  /** The same for new events, which are the first that are refused. Time does not stand still for that. */
  assertTakesEvents(): void {
    this.assertWritable()
    if (this.#rows.warnings?.().includes('disk_full') === true) throw refusal(FULL)
    if (this.waitingBytes > WAITING_BYTES_MAX_FOR_EVENTS) throw refusal(TOO_MUCH)
  }

  failure(): string | undefined {
    if (this.#closed) return CLOSED
    if (this.#failure !== undefined) return CANNOT_WRITE
    const sinceMs = this.#running?.sinceMs ?? Number.POSITIVE_INFINITY
    return this.#clock.monotonicMs() - sinceMs > STUCK_MS ? 'A write to disk does not end.' : undefined
  }

  /** Says so, once, when a write does not end. */
  tellStuck(): void {
    if (this.#isStuckTold || this.#closed || this.#failure !== undefined || this.failure() === undefined)
      return
    this.#isStuckTold = true
    this.#log.warn('the store waits for its disk: a write does not end', { afterMs: STUCK_MS })
  }

  /** Writes what is left, tells `prepare` that it is the last, and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running?.ended
    const commits = [...this.#sealed.splice(0), this.#takeFilling(true)]
    try {
      if (this.#failure !== undefined) await this.#rows.reopen()
      for (const commit of commits) {
        await this.#write(commit)
        commit.resolve()
      }
    } catch (error) {
      // Those that were written were resolved: nothing changes that.
      for (const commit of commits) commit.reject(undecided(CANNOT_WRITE, error))
      throw refusal(CANNOT_WRITE, error)
    }
  }

  /** Whether operations are refused now: time must not pass for those who are turned away. */
  get isRefusing(): boolean {
    return this.#closed || !this.hasRoom || this.failure() !== undefined
  }

  /** How often an operation was refused because of the disk. */
  get refusals(): number {
    return this.#refusals
  }

  #refuse(reason: string): Error {
    this.#refusals++
    return refusal(reason)
  }

  #isWorking(): boolean {
    return !this.#closed && this.#failure === undefined
  }

  /** Commits, with what comes in the turns until then. */
  #gather(): void {
    if (this.#running === undefined && this.#isWorking()) this.#gathering.start()
  }

  #commit(): void {
    const commit = this.#sealed.shift() ?? this.#takeFilling(false)
    const ended = this.#write(commit).then(
      () => this.#succeed(commit),
      (error: unknown) => this.#fail(commit, error),
    )
    this.#running = { commit, sinceMs: this.#clock.monotonicMs(), ended }
  }

  async #write(commit: Commit): Promise<void> {
    if (commit.failure !== undefined) throw commit.failure
    await this.#rows.commit(commit.changes)
  }

  #succeed(commit: Commit): void {
    this.#running = undefined
    this.#durableCommit = commit.number
    if (this.#isStuckTold) this.#log.info('the store writes again', {})
    this.#isStuckTold = false
    commit.resolve()
    if (this.#sealed.length > 0 && this.#isWorking()) this.#commit()
    else if (this.#filling.waiting > 0) this.#gather()
  }

  #fail(commit: Commit, error: unknown): void {
    this.#running = undefined
    this.#failure = error
    this.#tellFailure(error)
    this.#putBack(commit, error)
    if (!this.#closed) this.#retryAfter(RETRY_MIN_MS)
  }

  /** Once: while it fails again and again, nothing more is said. */
  #tellFailure(error: unknown): void {
    const problem = error instanceof DamageError ? { problem: error.message } : {}
    this.#log.error('the store cannot write', { err: toError(error), ...problem })
    this.#isStuckTold = false
  }

  /** Never where the store is another's now: it will not be ours again. */
  #retryAfter(delayMs: number): void {
    if (this.#failure instanceof StoreLostError) return
    this.#clock.after(delayMs, () => {
      if (!this.#closed) this.#retry(Math.min(delayMs * 2, RETRY_MAX_MS))
    })
  }

  #retry(nextDelayMs: number): void {
    const commit = this.#takeFilling(false)
    const attempt = async () => {
      await this.#rows.reopen()
      await this.#write(commit)
    }
    const ended = attempt().then(
      () => {
        this.#failure = undefined
        this.#log.info('the store writes again', {})
        this.#succeed(commit)
      },
      (error: unknown) => {
        this.#running = undefined
        this.#failure = error
        this.#putBack(commit, error)
        this.#retryAfter(nextDelayMs)
      },
    )
    this.#running = { commit, sinceMs: this.#clock.monotonicMs(), ended }
  }

  #takeFilling(isLast: boolean): Commit {
    const commit = this.#filling
    this.#filling = new Commit(commit.number + 1)
    try {
      this.#prepare(commit, isLast)
    } catch (error) {
      // What goes with every commit may have to be read first, and be damaged.
      commit.failure = error
    }
    return commit
  }

  /** The commit's changes go before those left since; whoever waits for any is refused. */
  #putBack(commit: Commit, error: unknown): void {
    this.#filling.reject(undecided(CANNOT_WRITE, error))
    for (const earlier of [commit, ...this.#sealed.splice(0)].reverse()) {
      earlier.reject(undecided(CANNOT_WRITE, error))
      this.#filling.prepend(earlier)
    }
  }
}
