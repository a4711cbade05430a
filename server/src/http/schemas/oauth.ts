import { type TSchema, Type } from 'typebox'
import { answerRef } from './documentation.ts'

export const OAUTH_CREDENTIALS =
  "Parameters go into an `application/x-www-form-urlencoded` body or into the URL's query; client credentials there too, or into HTTP Basic. A body is better: URLs end up in logs."

const WHY = {
  400: 'The request, the grant or the credentials are wrong.',
  401: 'The client is unknown or its secret is wrong.',
  413: 'The body is too large.',
  429: 'Too many attempts from this address, with this user name, or by this client.',
  503: 'The server cannot write now. Nothing was done.',
} as const

/** The refusals of an OAuth2 endpoint (RFC 6749 §5.2). */
export function oauthRefusals(): Record<string, object> {
  const content = { 'application/json': { schema: answerRef('OAuthError') } }
  return Object.fromEntries(
    Object.entries(WHY).map(([status, description]) => [status, { description, content }]),
  )
}

/** The refusals of signing in at an identity provider: nobody shows a client's secret there. */
export function providerRefusals(...also: readonly 403[]): Record<string, object> {
  const { 401: _, ...refusals } = oauthRefusals()
  const { 400: wrong } = refusals
  const denied = { ...wrong, description: 'The provider knows the person, and nothing lets it in here.' }
  return also.length === 0 ? refusals : { ...refusals, 403: denied }
}

/** The media type of the forms. */
export const FORM = ['application/x-www-form-urlencoded']

/** Nothing is checked by the form's schema: the same parameters may stand in the URL, and `auth` reads them. */
export const uncheckedForm = () => () => true

/** The form of an OAuth2 endpoint, for the documentation. */
export function credentialsAnd(fields: Record<string, TSchema>): TSchema {
  return Type.Object({
    ...fields,
    client_id: Type.Optional(Type.String()),
    client_secret: Type.Optional(Type.String({ format: 'password' })),
  })
}
