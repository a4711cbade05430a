import { RollcallError, TokenError } from '@rollcall/client'
import { describe, type Problem } from '../api/problem.ts'

/** Thrown instead of asking anything in the name of a sign-in that is over and cannot be renewed. */
export class SignInEnded extends Error {
  constructor(message = 'Sign in again.') {
    super(message)
    this.name = 'SignInEnded'
  }
}

/** Whether what a request has thrown means that the sign-in is over, and how to say so. */
export function endOf(thrown: unknown): Problem | undefined {
  if (thrown instanceof SignInEnded) return ended(thrown.message)
  if (thrown instanceof RollcallError && thrown.code === 'unauthorized')
    return ended('The server takes its token no more: it has run out or was revoked. Sign in again.')
  // Of the token endpoint, only what comes of the credentials themselves: not 429, not 5xx.
  if (thrown instanceof TokenError && (thrown.status === 400 || thrown.status === 401))
    return ended('The server does not renew it any more. Sign in again.')
  return undefined
}

function ended(detail: string): Problem {
  return { ...describe(undefined), title: 'The sign-in has ended', detail, isPassing: false }
}
