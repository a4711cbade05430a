import { SdkError, type SdkErrorCode, textOf } from '../sdk-error.ts'
import { onAbort } from '../waiting.ts'

export type Status = 'connecting' | 'online' | 'reconnecting' | 'expired' | 'closed'

/**
 * Why. `started`: connect was called. `subscribed`: events come now. `refused`: the server refused the registration,
 * see `error`. `closed_by_app`: `close` was called. The others are those of {@link SdkErrorCode}.
 */
export type StateReason =
  | 'started'
  | 'subscribed'
  | 'refused'
  | 'closed_by_app'
  | Extract<
      SdkErrorCode,
      | 'aborted'
      | 'unreachable'
      | 'wrong_server'
      | 'token_failed'
      | 'unauthorized'
      | 'timeout'
      | 'link_failed'
      | 'link_refused'
      | 'protocol_error'
      | 'taken_over'
      | 'registration_ended'
      | 'handler_failed'
      | 'invalid_option'
    >

/** How a registration stands. */
export type State = {
  readonly status: Status
  readonly reason: StateReason
  /** What went wrong, where something did: a `RollcallError`, `TokenError` or `SdkError`. */
  readonly error?: Error
  /** `reconnecting` and `expired`: milliseconds until the next attempt. */
  readonly retryInMs?: number
}

/** States that an iterator keeps for a reader who is slow; then the oldest goes. */
const KEPT_MAX = 100

/** A function, since the compiler takes a property that was false once to stay so. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** The current state, and those who follow it. */
export class States {
  #current: State = { status: 'connecting', reason: 'started' }
  readonly #listeners = new Set<(state: State) => void>()
  readonly #onError: (error: SdkError) => void

  constructor(onError: (error: SdkError) => void) {
    this.#onError = onError
  }

  get current(): State {
    return this.#current
  }

  set(state: State): void {
    // Closed is the end.
    if (this.#current.status === 'closed') return
    this.#current = state
    for (const listener of [...this.#listeners]) this.#tell(listener, state)
    if (state.status === 'closed') this.#listeners.clear()
  }

  /** Returns how to stop listening. */
  listen(listener: (state: State) => void): () => void {
    if (this.#current.status !== 'closed') this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The current state and those that follow, up to `closed`. */
  async *iterate(signal?: AbortSignal): AsyncGenerator<State, void, undefined> {
    const kept: State[] = [this.#current]
    let wake = (): void => undefined
    const unlisten = this.listen((state) => {
      kept.push(state)
      if (kept.length > KEPT_MAX) kept.shift()
      wake()
    })
    const unabort = onAbort(signal, () => wake())
    try {
      while (!isAborted(signal)) {
        const state = kept.shift()
        if (state !== undefined) yield state
        if (state?.status === 'closed') return
        if (kept.length === 0 && !isAborted(signal))
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      unlisten()
      unabort()
    }
  }

  #tell(listener: (state: State) => void, state: State): void {
    try {
      listener(state)
    } catch (cause) {
      this.#onError(
        new SdkError('listener_failed', `A listener of states failed: ${textOf(cause)}`, { cause }),
      )
    }
  }
}
