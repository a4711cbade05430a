import { RollcallError } from '@rollcall/protocol/error-code'

/** `busy`: what is dear has to wait. `overloaded`: what is new as well; what keeps people reachable goes on. */
export type LoadLevel = 'calm' | 'busy' | 'overloaded'

/** What is refused before the server fails, and from which level on. Whatever is not here goes on. */
const REFUSED_FROM = {
  bulk: 'busy',
  history: 'busy',
  presence: 'busy',
  'mask-preview': 'busy',
  'dear-masks': 'busy',
  masks: 'overloaded',
  'sign-in': 'overloaded',
  'unknown-token': 'overloaded',
} as const satisfies Record<string, LoadLevel>

export type Dear = keyof typeof REFUSED_FROM

const RANKS: Readonly<Record<LoadLevel, number>> = { calm: 0, busy: 1, overloaded: 2 }

/** How long it must have been better before the level falls, milliseconds: it must not flap. */
const EASE_MS = 2_000
/** When whoever is refused should come again, seconds. */
const RETRY_AFTER_SECONDS = 2

export type LoadBounds = {
  /** Lag of the event loop from which on the server is busy, milliseconds; twice that is overload. 0: does not count. */
  readonly lagMs: number
  /**
   * Bytes that wait to be written from which on it is busy, per cent of what may wait; half way from there to all is
   * overload. 100: does not count.
   */
  readonly writePercent: number
}

export type LoadSample = {
  /** Monotonic clock. */
  readonly atMs: number
  readonly lagMs: number
  readonly writePercent: number
}

export type LoadState = {
  readonly level: LoadLevel
  /** Of the sample before: one long turn of the loop is no load yet. */
  readonly lagMs: number
  /** Since when it has been better than the level says. */
  readonly easedAtMs: number | undefined
}

export const CALM: LoadState = { level: 'calm', lagMs: 0, easedAtMs: undefined }

/** Rises at once, and falls only after two seconds below half of what it rose at. */
export function nextLoad(state: LoadState, sample: LoadSample, bounds: LoadBounds): LoadState {
  const { atMs, lagMs, writePercent } = sample
  const pressed = levelOf(Math.min(lagMs, state.lagMs), writePercent, bounds)
  if (RANKS[pressed] > RANKS[state.level]) return { level: pressed, lagMs, easedAtMs: undefined }
  const eased = levelOf(2 * Math.max(lagMs, state.lagMs), 2 * writePercent, bounds)
  if (RANKS[eased] >= RANKS[state.level]) return { ...state, lagMs, easedAtMs: undefined }
  const easedAtMs = state.easedAtMs ?? atMs
  if (atMs - easedAtMs < EASE_MS) return { ...state, lagMs, easedAtMs }
  return { level: eased, lagMs, easedAtMs: undefined }
}

function levelOf(lagMs: number, writePercent: number, bounds: LoadBounds): LoadLevel {
  const lag = bounds.lagMs === 0 ? 0 : lagMs / bounds.lagMs
  const writesAtMost = (100 + bounds.writePercent) / 2
  const mayWritesCount = bounds.writePercent < 100
  if (lag >= 2 || (mayWritesCount && writePercent >= writesAtMost)) return 'overloaded'
  return lag >= 1 || (mayWritesCount && writePercent >= bounds.writePercent) ? 'busy' : 'calm'
}

/** Says what the server can still do, by what it was last told about its load. */
export class Shedding {
  readonly #bounds: LoadBounds
  readonly #refused = new Map<Dear, number>()
  #state = CALM

  constructor(bounds: LoadBounds) {
    this.#bounds = bounds
  }

  get level(): LoadLevel {
    return this.#state.level
  }

  /** How often each thing was refused since the start. */
  get refused(): ReadonlyMap<Dear, number> {
    return this.#refused
  }

  /** @returns the level from now on */
  observe(sample: LoadSample): LoadLevel {
    this.#state = nextLoad(this.#state, sample, this.#bounds)
    return this.#state.level
  }

  /** @throws RollcallError `unavailable`, with `Retry-After`, where this has to wait; then nothing was done */
  admit(what: Dear): void {
    if (RANKS[this.#state.level] < RANKS[REFUSED_FROM[what]]) return
    this.#refused.set(what, (this.#refused.get(what) ?? 0) + 1)
    throw new RollcallError(
      'unavailable',
      'The server is overloaded, and does first what keeps people reachable.',
      {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      },
    )
  }
}
