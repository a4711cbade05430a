import { RollcallError } from '@rollcall/protocol/error-code'

export const CLOSED = 'The store is closed.'
export const TOO_MUCH = 'Too much waits to be written.'
export const CANNOT_WRITE = 'The store cannot write to its disk.'

export const DAMAGED = 'What is asked for is damaged on disk.'
export const FULL = 'The disk is full.'

const RETRY_AFTER_SECONDS = 1

/** What an operation is refused with while the store cannot carry it out. */
export function refusal(message: string, cause?: unknown): RollcallError {
  return new RollcallError('unavailable', message, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause })
}

/** The same for one whose changes are made, and are written as soon as that is possible. */
export function undecided(message: string, cause: unknown): RollcallError {
  return new RollcallError('unavailable', message, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    isUndecided: true,
    cause,
  })
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
