import { OAuthError } from './oauth-error.ts'
import type { Parameters } from './parameters.ts'

/** What a client shows for itself; an empty secret is what a public client shows. */
export type Credentials = { readonly id: string; readonly secret: string }

/**
 * The credentials in a request: in the `Authorization` header, the form body or the query (RFC 6749 §2.3.1).
 *
 * There may be two readings of one header. The RFC has id and secret form-encoded before they are base64
 * encoded; many clients skip that, and then a `+` or `%` of a secret must be taken as it is.
 *
 * @returns readings in the order in which to try them, all of the same credentials
 * @throws OAuthError `invalid_request` where two places contradict each other, `invalid_client` where there are none
 */
export function presentedCredentials(
  authorization: string | undefined,
  parameters: Parameters,
): readonly Credentials[] {
  const id = parameters.get('client_id')
  const secret = parameters.get('client_secret')
  if (authorization === undefined) {
    if (id === undefined) throw new OAuthError('invalid_client', 'Client credentials are missing.')
    return [{ id, secret: secret ?? '' }]
  }
  const readings = readBasic(authorization)
  const agreeing = readings.filter(
    (reading) =>
      (id === undefined || id === reading.id) && (secret === undefined || secret === reading.secret),
  )
  if (agreeing.length === 0)
    throw new OAuthError('invalid_request', 'Two different sets of client credentials are given.')
  return agreeing
}

/** RFC 7617 §2, then RFC 6749 §2.3.1. */
function readBasic(authorization: string): readonly Credentials[] {
  const [, encoded] = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization) ?? []
  const text = Buffer.from(encoded ?? '', 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1)
    throw new OAuthError('invalid_client', 'The Authorization header cannot be read.', { usedHeader: true })
  const raw = { id: text.slice(0, colon), secret: text.slice(colon + 1) }
  const decoded = { id: formDecode(raw.id), secret: formDecode(raw.secret) }
  const isSame = decoded.id === raw.id && decoded.secret === raw.secret
  return isSame ? [raw] : [decoded, raw]
}

/** What cannot be decoded was not encoded. */
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
