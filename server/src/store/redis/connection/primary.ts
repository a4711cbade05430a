import type { Clock, Timer } from '../../../clock/clock.ts'
import { AWAY } from './refusals.ts'
import type { Session, SessionOptions } from './session.ts'
import { namingUser } from './setup.ts'

/** Pause before a lost connection is made anew, at first and at most, milliseconds. */
const PAUSE_MS = 50
const PAUSE_MS_MAX = 1_000

export type PrimaryOptions = {
  readonly openSession: (onLost: SessionOptions['onLost']) => Session
  readonly clock: Pick<Clock, 'after'>
  /** Told when it can be reached, or cannot, with what is wrong. */
  readonly onState: (failure: string | undefined) => void
}

/** One Redis that takes writes, as long as it is one: its connections are made anew when they are lost. */
export class Primary {
  readonly #options: PrimaryOptions
  #session: Session | undefined
  #pauseMs = PAUSE_MS
  #isClosed = false
  #timer: Timer | undefined
  /** Why it could not be reached last. */
  error: unknown
  /** How many of its replicas were up when it was looked at last. */
  replicas: number | undefined

  constructor(options: PrimaryOptions) {
    this.#options = options
  }

  /** `undefined`: it cannot be reached now. */
  get session(): Session | undefined {
    return this.#session?.isOpen === true ? this.#session : undefined
  }

  /** Makes the first connections; where that fails it rejects, and goes on trying once {@link keepTrying} is called. */
  async open(): Promise<void> {
    const session: Session = this.#options.openSession(() => this.#lost(session))
    await session.open()
    if (this.#isClosed) return session.close()
    this.#session = session
    this.#pauseMs = PAUSE_MS
    this.#options.onState(undefined)
  }

  keepTrying(thrown: unknown): void {
    if (this.#isClosed) return
    // Says what is to be changed, also where that came about while it was used.
    const error = namingUser(thrown)
    this.error = error
    this.#options.onState(error instanceof Error ? error.message : AWAY)
    this.#timer = this.#options.clock.after(this.#pauseMs, () => {
      this.open().catch((again) => this.keepTrying(again))
    })
    this.#pauseMs = Math.min(PAUSE_MS_MAX, 2 * this.#pauseMs)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#session?.close()
  }

  #lost(session: Session): void {
    if (session === this.#session) this.keepTrying(new Error(AWAY))
  }
}
