import { answerRef } from './documentation.ts'

/** The forms of the OAuth2 endpoints cannot be a body schema: the same parameters may stand in the URL. */
export const OAUTH_CREDENTIALS =
  'Parameters go into an `application/x-www-form-urlencoded` body or into the URL’s query; client credentials there too, or into HTTP Basic. A body is better: URLs end up in logs.'

const WHY = {
  400: 'The request, the grant or the credentials are wrong.',
  401: 'The client is unknown or its secret is wrong.',
  413: 'The body is too large.',
  503: 'The server cannot write now. Nothing was done.',
} as const

/** The refusals of an OAuth2 endpoint (RFC 6749 §5.2). */
export function oauthRefusals(): Record<string, object> {
  const content = { 'application/json': { schema: answerRef('OAuthError') } }
  return Object.fromEntries(
    Object.entries(WHY).map(([status, description]) => [status, { description, content }]),
  )
}
