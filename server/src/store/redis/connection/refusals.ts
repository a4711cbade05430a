import { RollcallError } from '@rollcall/protocol/error-code'

/** Said to whoever waits for Redis. */
export const AWAY = 'The store cannot be reached now.'
export const SLOW = 'The store has not answered in time.'
export const FAILED = 'The store could not do it.'
export const FULL = 'The store is full.'
export const BEHIND = 'Too much waits for the store.'
export const CLOSED = 'The store is closed.'
export const FEW_COPIES = 'Too few copies of the store have it.'

/** Nothing was done. */
export function refused(message: string, cause?: unknown): RollcallError {
  return new RollcallError('unavailable', message, {
    retryAfterSeconds: 1,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** It may have been done, or still be. */
export function undecided(message: string, cause?: unknown): RollcallError {
  return new RollcallError('unavailable', message, {
    ...(cause === undefined ? {} : { cause }),
    retryAfterSeconds: 1,
    isUndecided: true,
  })
}

/** What Redis says where it has not done what was asked, and may do it soon. */
const NOT_YET = [
  'MOVED ',
  'ASK ',
  'TRYAGAIN',
  'READONLY',
  'LOADING',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'NOREPLICAS',
  // It cannot write to its own disk.
  'MISCONF',
  'NOAUTH',
  'NOPERM',
  'BUSY ',
]

/**
 * What an error reply of Redis means for whatever was asked: `not_yet` it was not done, and may be, in its order; `full` there
 * is no memory for it; `no_function` the library is not there, `no_partition` the partition; `failed` nobody knows.
 */
export type Meaning = 'not_yet' | 'full' | 'no_function' | 'no_partition' | 'failed'

export function meaningOf(message: string): Meaning {
  if (NOT_YET.some((word) => message.startsWith(word))) return 'not_yet'
  if (message.startsWith('OOM')) return 'full'
  if (message.startsWith('ERR Function not found')) return 'no_function'
  if (message.startsWith('NOPARTITION')) return 'no_partition'
  return 'failed'
}
