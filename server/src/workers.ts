import type { Clock, Timer } from './clock/clock.ts'
import type { Log } from './observe/observe.ts'

/** Pause before a worker that has ended is started again, at first and at most, milliseconds. */
const PAUSE_MS = 500
const PAUSE_MS_MAX = 30_000
/** One that was there for so long has not failed at its start: the pauses begin anew. */
const STEADY_MS = 60_000
/** So often one may end without ever having been there, before all are given up. */
const FAILED_STARTS_MAX = 5
/** What it ends with where its configuration cannot be used: to start it again would not help. */
const UNUSABLE = 2

/** A process that was started. */
export type WorkerProcess = {
  readonly pid: number | undefined
  onListening(told: () => void): void
  onExit(told: (code: number | null, signal: string | null) => void): void
  kill(signal: NodeJS.Signals): void
}

export type WorkersOptions = {
  readonly count: number
  /** Starts one: its number, from 0 on, is that of the one in whose place it comes. */
  readonly fork: (index: number) => WorkerProcess
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  /** Told once when all have ended: with 0 where they were asked to, and all did so in time. */
  readonly onEnd: (code: number) => void
}

type Place = {
  process: WorkerProcess | undefined
  failedStarts: number
  pauseMs: number
  timer: Timer | undefined
}

/**
 * Several workers behind one port. One that ends is started again, after a pause that grows; where none can start, all end. The
 * first is there before the others come: what a start makes is made once.
 */
export class Workers {
  readonly #options: WorkersOptions
  readonly #places: Place[]
  #isStopping = false
  #worst = 0
  #hasEnded = false

  constructor(options: WorkersOptions) {
    this.#options = options
    this.#places = Array.from({ length: options.count }, () => ({
      ...{ process: undefined, failedStarts: 0, pauseMs: PAUSE_MS, timer: undefined },
    }))
  }

  start(): void {
    this.#begin(0, () => {
      for (let index = 1; index < this.#places.length; index++)
        if (this.#places[index]?.process === undefined) this.#begin(index)
    })
  }

  /** All drain and end. What has not ended by a second call is killed. */
  stop(): void {
    const signal = this.#isStopping ? 'SIGKILL' : 'SIGTERM'
    this.#isStopping = true
    for (const place of this.#places) {
      place.timer?.cancel()
      place.process?.kill(signal)
    }
    this.#endIfAll()
  }

  /** Each reads its files again. */
  hangUp(): void {
    for (const { process } of this.#places) process?.kill('SIGHUP')
  }

  #begin(index: number, onListening: () => void = () => undefined): void {
    const place = this.#places[index]
    if (place === undefined || this.#isStopping) return
    const { fork, clock, log } = this.#options
    const process = fork(index)
    place.process = process
    let sinceMs: number | undefined
    process.onListening(() => {
      if (sinceMs !== undefined) return
      sinceMs = clock.monotonicMs()
      place.failedStarts = 0
      log.info('a worker is there', { worker: index, pid: process.pid })
      onListening()
    })
    process.onExit((code, signal) => {
      place.process = undefined
      if (!this.#isStopping) log.error('a worker has ended', { worker: index, code, signal })
      this.#ended(index, place, { code, sinceMs, onListening })
    })
  }

  #ended(
    index: number,
    place: Place,
    how: {
      readonly code: number | null
      readonly sinceMs: number | undefined
      readonly onListening: () => void
    },
  ): void {
    const { code, sinceMs, onListening } = how
    const { clock, log } = this.#options
    if (this.#isStopping || code === UNUSABLE) {
      this.#worst = Math.max(this.#worst, code ?? 1)
      if (this.#isStopping) this.#endIfAll()
      else this.stop()
      return
    }
    if (sinceMs === undefined && ++place.failedStarts >= FAILED_STARTS_MAX) {
      log.error('a worker cannot be started: all end', { worker: index })
      this.#worst = 1
      this.stop()
      return
    }
    if (sinceMs !== undefined && clock.monotonicMs() - sinceMs >= STEADY_MS) place.pauseMs = PAUSE_MS
    place.timer = clock.after(place.pauseMs, () => this.#begin(index, onListening))
    place.pauseMs = Math.min(PAUSE_MS_MAX, 2 * place.pauseMs)
  }

  #endIfAll(): void {
    if (this.#hasEnded || this.#places.some(({ process }) => process !== undefined)) return
    this.#hasEnded = true
    this.#options.onEnd(this.#worst)
  }
}
