import { RollcallError } from '@rollcall/protocol/error-code'
import { Backoff } from '../backoff.ts'
import type { ClientClock, ClientRandom } from '../platform.ts'
import { TokenError } from '../request-token.ts'
import { SdkError } from '../sdk-error.ts'
import { abortedError, onAbort, sleep, withTimeout } from '../waiting.ts'

/** Another of the user's endpoints was the first to answer the event. */
export class AnsweredElsewhereError extends RollcallError {
  /** The endpoint that was. */
  readonly answeredBy: string

  constructor(refusal: RollcallError) {
    super('answered_elsewhere', refusal.message, { fields: refusal.fields, cause: refusal })
    this.name = 'AnsweredElsewhereError'
    this.answeredBy = refusal.fields.get('answeredBy') ?? ''
  }
}

export type AnswerOptions = {
  /** Aborted: the answer is not sent again; whether the server has it is not known. Default: never. */
  readonly signal?: AbortSignal
}

/** What one try needs. */
export type AnswerTry = {
  /** Whether the server has refused the token that was used last. */
  readonly refused: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

type Limits = {
  readonly clock: ClientClock
  readonly random: ClientRandom
  /** For all tries together; milliseconds. */
  readonly timeoutMs: number
  /** The registration's own. */
  readonly life: AbortSignal
  readonly signal: AbortSignal | undefined
}

const RETRY_FIRST_MS = 250
const RETRY_MAX_MS = 2_000
/** Tries that get no answer at all, as over a network that has just changed, must leave time for another. */
const TRIES_AT_LEAST = 3

/**
 * Answers an event, again and again until it is known what came of that: an answer may be repeated, and a person has
 * pressed a button only once.
 *
 * @throws AnsweredElsewhereError; RollcallError; SdkError `timeout`, `aborted`, `closed`
 */
export async function answerEvent(limits: Limits, send: (one: AnswerTry) => Promise<void>): Promise<void> {
  const { clock, timeoutMs, life, signal } = limits
  if (life.aborted) throw new SdkError('closed')
  const own = new AbortController()
  const unlinks = [life, signal].map((other) => onAbort(other, () => own.abort(other?.reason)))
  try {
    await withTimeout({ clock, timeoutMs, signal: own.signal, what: 'the answer to the event' }, (inTime) =>
      untilKnown(limits, inTime, send),
    )
  } catch (error) {
    if (life.aborted) throw new SdkError('closed')
    throw error
  } finally {
    for (const unlink of unlinks) unlink()
  }
}

async function untilKnown(
  { clock, random, timeoutMs }: Limits,
  signal: AbortSignal,
  send: (one: AnswerTry) => Promise<void>,
): Promise<void> {
  const backoff = new Backoff(random, RETRY_FIRST_MS, RETRY_MAX_MS)
  let refused = false
  for (;;) {
    try {
      return await send({ refused, timeoutMs: timeoutMs / TRIES_AT_LEAST, signal })
    } catch (error) {
      const waitMs = againInMs(error, refused)
      if (waitMs === undefined) throw typed(error)
      refused = isRefusedToken(error)
      await sleep(clock, Math.max(waitMs, backoff.nextMs()), signal)
      if (signal.aborted) throw abortedError(signal)
    }
  }
}

function typed(error: unknown): unknown {
  const isElsewhere = error instanceof RollcallError && error.code === 'answered_elsewhere'
  return isElsewhere ? new AnsweredElsewhereError(error) : error
}

/** How long to wait at least before it is tried again; `undefined`: that would end in the same way. */
function againInMs(error: unknown, wasRefused: boolean): number | undefined {
  // fetch's own, for an answer that never came.
  if (error instanceof TypeError) return 0
  if (error instanceof SdkError) {
    const { cause } = error
    const isWrong = cause instanceof TokenError && (cause.status === 400 || cause.status === 401)
    return error.code === 'timeout' || (error.code === 'token_failed' && !isWrong) ? 0 : undefined
  }
  if (!(error instanceof RollcallError)) return undefined
  // One token may have ended on its way; a fresh one has not.
  if (error.code === 'unauthorized') return wasRefused ? undefined : 0
  const isPassing = ['unavailable', 'internal_error', 'request_timeout', 'rate_limited'].includes(error.code)
  return isPassing ? (error.retryAfterSeconds ?? 0) * 1000 : undefined
}

function isRefusedToken(error: unknown): boolean {
  return error instanceof RollcallError && error.code === 'unauthorized'
}
