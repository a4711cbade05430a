import { ClientError, ResponseBodyError } from 'openid-client'
import { OAuthError } from '../oauth/oauth-error.ts'
import { ProviderFault } from './bounded-fetch.ts'

/** What the caller is told, and what the log says. */
type Refusal = { readonly refusal: OAuthError; readonly problem: string }

/** What a provider's error may look like to be written down. */
const CODE = /^[\w.-]{1,64}$/
/** Codes of the library for a provider that does not speak as one; all others are about what it says. */
const UNINTELLIGIBLE: readonly string[] = [
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
]

const RETRY_SECONDS = 5
const CAUSES_MAX = 5

/** Undecided is refused: whatever is not known to pass by itself is taken for a wrong answer. */
export function refusalOf(error: unknown): Refusal {
  const fault = faultIn(error)
  if (fault !== undefined) return { refusal: unavailable(), problem: fault.message }
  if (error instanceof ResponseBodyError) {
    const problem = CODE.test(error.error) ? error.error : 'unknown'
    return { refusal: error.error === 'invalid_grant' ? invalidCode() : unavailable(), problem }
  }
  const code = error instanceof ClientError ? (error.code ?? 'unknown') : 'unknown'
  return { refusal: UNINTELLIGIBLE.includes(code) ? unavailable() : invalidCode(), problem: code }
}

function faultIn(error: unknown): ProviderFault | undefined {
  let cause = error
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth++) {
    if (cause instanceof ProviderFault) return cause
    cause = cause.cause
  }
  return undefined
}

/** One answer for a code that is wrong, used or another's, and for an ID token that is not believed. */
function invalidCode(): OAuthError {
  return new OAuthError(
    'invalid_grant',
    'The sign-in at the identity provider is not valid, or not any more.',
  )
}

function unavailable(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The identity provider cannot be asked now.', {
    retryAfterSeconds: RETRY_SECONDS,
  })
}
