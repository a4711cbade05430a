import { RollcallError } from '@rollcall/protocol/error-code'
import { TokenError } from '../request-token.ts'
import { SdkError, textOf } from '../sdk-error.ts'
import type { StateReason } from './states.ts'

/** What to do after something went wrong. */
export type Verdict = {
  /** `stop`: another attempt would end in the same way. `register`: the registration is gone. */
  readonly next: 'stop' | 'retry' | 'register'
  readonly reason: StateReason
  readonly error: Error
  /** What the server asks to be given (`Retry-After`). */
  readonly waitMs: number
}

/** What the verdict depends on beside the error. */
export type Past = {
  /** Whether it has ever worked: then the address is right, and what answers 404 now is a passing fault. */
  readonly wasOnline: boolean
  /** How many fresh tokens were refused in a row, this one included. */
  readonly refusedTokens: number
  readonly url: string
}

/** One token may have been revoked while it was on its way; two fresh ones have not. */
const REFUSED_TOKENS_MAX = 2

export function judge(thrown: unknown, past: Past): Verdict {
  if (thrown instanceof RollcallError) return judgeRefusal(thrown, past)
  if (thrown instanceof TokenError) return judgeToken(thrown)
  if (thrown instanceof SdkError) return judgeOwn(thrown, past)
  // fetch rejects with a TypeError for everything that kept an answer from coming.
  const error = new SdkError('unreachable', `${past.url} cannot be reached: ${textOf(thrown)}`, {
    cause: thrown,
  })
  return { next: 'retry', reason: 'unreachable', error, waitMs: 0 }
}

function judgeRefusal(error: RollcallError, past: Past): Verdict {
  const waitMs = (error.retryAfterSeconds ?? 0) * 1000
  switch (error.code) {
    case 'endpoint_unknown':
      return { next: 'register', reason: 'registration_ended', error, waitMs: 0 }
    case 'unauthorized':
      return judgeUnauthorized(error, past)
    case 'unavailable':
    case 'internal_error':
    case 'request_timeout':
    case 'rate_limited':
    case 'mailbox_full':
      return { next: 'retry', reason: 'unreachable', error, waitMs }
    case 'not_found':
    case 'method_not_allowed': {
      if (past.wasOnline) return { next: 'retry', reason: 'unreachable', error, waitMs }
      const wrong = new SdkError('wrong_server', `What answers at ${past.url} is no Rollcall server.`, {
        cause: error,
      })
      return { next: 'stop', reason: 'wrong_server', error: wrong, waitMs: 0 }
    }
    default:
      return { next: 'stop', reason: 'refused', error, waitMs: 0 }
  }
}

function judgeUnauthorized(error: Error, { refusedTokens }: Past): Verdict {
  const next = refusedTokens >= REFUSED_TOKENS_MAX ? 'stop' : 'retry'
  return { next, reason: 'unauthorized', error, waitMs: 0 }
}

/** Wrong credentials stay wrong; a token endpoint that is down comes back. */
function judgeToken(error: TokenError): Verdict {
  const isFinal = error.status === 400 || error.status === 401
  return { next: isFinal ? 'stop' : 'retry', reason: 'token_failed', error, waitMs: 0 }
}

function judgeOwn(error: SdkError, past: Past): Verdict {
  switch (error.code) {
    case 'taken_over':
      // To take it back would have two devices fight.
      return { next: 'stop', reason: 'taken_over', error, waitMs: 0 }
    case 'registration_ended':
      return { next: 'register', reason: 'registration_ended', error, waitMs: 0 }
    case 'unauthorized':
      return judgeUnauthorized(error, past)
    case 'token_failed':
      return error.cause instanceof TokenError
        ? judgeToken(error.cause)
        : { next: 'retry', reason: 'token_failed', error, waitMs: 0 }
    case 'timeout':
    case 'link_failed':
    case 'link_refused':
    case 'protocol_error':
    case 'unreachable':
    case 'handler_failed':
      return { next: 'retry', reason: error.code, error, waitMs: 0 }
    default:
      return { next: 'stop', reason: 'invalid_option', error, waitMs: 0 }
  }
}
