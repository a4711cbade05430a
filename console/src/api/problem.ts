import { RollcallError, SdkError, TokenError } from '@rollcall/client'
import { span } from '../format.ts'

/** What went wrong, for people: what it means, and what they can do. */
export type Problem = {
  readonly title: string
  readonly detail: string
  /** For bad fields: name → what was expected. */
  readonly fields: ReadonlyMap<string, string>
  /** Whether asking again by itself may help. */
  readonly isPassing: boolean
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map()

/** The server does not know a question that the console cannot do without. */
export class OldServerError extends Error {
  constructor(missing: string) {
    super(`It does not know ${missing}. Upgrade the server, or use the console that came with it.`)
    this.name = 'OldServerError'
  }
}

/** A sign-in at an identity provider that did not come about. */
export class SignInRefused extends Error {
  readonly title: string

  constructor(title: string, detail: string) {
    super(detail)
    this.name = 'SignInRefused'
    this.title = title
  }
}

/** What was asked for is not for whoever signed in; the message says for whom it is. */
export class RefusedError extends Error {
  constructor(forWhom: string) {
    super(forWhom)
    this.name = 'RefusedError'
  }
}

/** Describes whatever was thrown. */
export function describe(thrown: unknown): Problem {
  if (thrown instanceof OldServerError) return final('This server is older than the console', thrown.message)
  if (thrown instanceof RefusedError) return final('Not for this sign-in', thrown.message)
  if (thrown instanceof SignInRefused) return final(thrown.title, thrown.message)
  if (thrown instanceof TokenError) return ofToken(thrown)
  if (thrown instanceof RollcallError) return ofRefusal(thrown)
  if (thrown instanceof SdkError && thrown.code === 'timeout')
    return passing('The server does not answer', 'It took longer than 10 seconds.')
  // What fetch rejects with when there is no answer at all.
  if (thrown instanceof TypeError)
    return passing('The server cannot be reached', 'Is it running, and is the network up?')
  const detail = thrown instanceof Error ? thrown.message : String(thrown)
  return { title: 'Something went wrong', detail, fields: NO_FIELDS, isPassing: false }
}

/** Whether the request was ended by whoever made it: nothing to tell anybody. */
export function isAborted(thrown: unknown): boolean {
  if (thrown instanceof SdkError) return thrown.code === 'aborted'
  return thrown instanceof DOMException && thrown.name === 'AbortError'
}

function ofToken({ code, status, message, retryAfterSeconds }: TokenError): Problem {
  const wait = waitFor(retryAfterSeconds)
  if (code === 'invalid_grant')
    return final('That user name or password is not right', 'Nobody was signed in. Check both and try again.')
  if (code === 'invalid_client')
    return final('That client or its secret is not right', 'Nobody was signed in. Check both and try again.')
  if (status === 429)
    return passing('Too many attempts', wait === '' ? 'Wait a moment, then try again.' : wait)
  if (status >= 500) return passing('The server cannot sign anybody in now', `${message} ${wait}`)
  return final('The server refuses the sign-in', `${message} (${code})`)
}

function ofRefusal({ code, message, fields, retryAfterSeconds }: RollcallError): Problem {
  const wait = waitFor(retryAfterSeconds)
  switch (code) {
    case 'unauthorized':
      return final('The sign-in has ended', 'Sign in again.')
    case 'forbidden':
      return final(
        'Not for this sign-in',
        'Sign in as a backend of the organization, or as one of its administrators.',
      )
    case 'organization_unknown':
      return noOrganization()
    case 'not_found':
      if (fields.has('organizationId')) return noOrganization()
      return final(
        'There is nothing here',
        'It may be older than the history, another organization’s, or never have been.',
      )
    case 'organization_required':
      return { ...final('Which organization?', 'Name it at the top of the page.'), fields }
    case 'rate_limited':
      return passing('Too many requests', `${message} ${wait}`)
    case 'unavailable':
      return passing('The server cannot serve this now', `${message} ${wait}`)
    default:
      return {
        title: message,
        detail: `${code} ${wait}`.trim(),
        fields,
        isPassing: code === 'internal_error',
      }
  }
}

function noOrganization(): Problem {
  return final('There is no such organization', 'Choose another one at the top of the page.')
}

function waitFor(retryAfterSeconds: number | undefined): string {
  return retryAfterSeconds === undefined ? '' : `Try again in ${span(retryAfterSeconds * 1000)}.`
}

function passing(title: string, detail: string): Problem {
  return { title, detail: detail.trim(), fields: NO_FIELDS, isPassing: true }
}

function final(title: string, detail: string): Problem {
  return { title, detail, fields: NO_FIELDS, isPassing: false }
}
