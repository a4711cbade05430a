import { RollcallError, SdkError, TokenError } from '@rollcall/client'

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

/** Describes whatever was thrown. */
export function describe(thrown: unknown): Problem {
  if (thrown instanceof TokenError) return ofToken(thrown)
  if (thrown instanceof RollcallError) return ofRefusal(thrown)
  if (thrown instanceof SdkError && thrown.code === 'timeout')
    return passing('The server does not answer', 'It took longer than 10 seconds. It is asked again.')
  // What fetch rejects with when there is no answer at all.
  if (thrown instanceof TypeError)
    return passing('The server cannot be reached', 'Is it running, and is the network up? It is asked again.')
  const detail = thrown instanceof Error ? thrown.message : String(thrown)
  return { title: 'Something went wrong', detail, fields: NO_FIELDS, isPassing: false }
}

/** Whether the request was ended by whoever made it: nothing to tell anybody. */
export function isAborted(thrown: unknown): boolean {
  if (thrown instanceof SdkError) return thrown.code === 'aborted'
  return thrown instanceof DOMException && thrown.name === 'AbortError'
}

function ofToken({ code, status, message }: TokenError): Problem {
  if (code === 'invalid_grant')
    return final('That user name or password is not right', 'Nobody was signed in. Check both and try again.')
  if (code === 'invalid_client')
    return final('That client or its secret is not right', 'Nobody was signed in. Check both and try again.')
  if (status === 429) return passing('Too many attempts', 'Wait a moment, then try again.')
  if (status >= 500) return passing('The server cannot sign anybody in now', message)
  return final('The server refuses the sign-in', `${message} (${code})`)
}

function ofRefusal({ code, message, fields, retryAfterSeconds }: RollcallError): Problem {
  const wait = retryAfterSeconds === undefined ? '' : ` Try again in ${retryAfterSeconds} s.`
  switch (code) {
    case 'unauthorized':
      return final('The sign-in has ended', 'Sign in again.')
    case 'forbidden':
      return final(
        'Not for this sign-in',
        'Sign in as a backend of the organization, or as one of its administrators.',
      )
    case 'not_found':
      return final(
        'There is nothing here',
        'It may be older than the history, another organization’s, or never have been.',
      )
    case 'organization_required':
      return { ...final('Which organization?', 'Name it at the top of the page.'), fields }
    case 'rate_limited':
      return passing('Too many requests', `${message}${wait}`)
    case 'unavailable':
      return passing('The server cannot serve this now', `${message}${wait}`)
    default:
      return { title: message, detail: `${code}${wait}`, fields, isPassing: code === 'internal_error' }
  }
}

function passing(title: string, detail: string): Problem {
  return { title, detail, fields: NO_FIELDS, isPassing: true }
}

function final(title: string, detail: string): Problem {
  return { title, detail, fields: NO_FIELDS, isPassing: false }
}
