import { OAuthError } from './oauth-error.ts'

export type Parameters = ReadonlyMap<string, string>

/** They may be in the query and in the body at once, as long as both say the same. */
const CREDENTIALS: readonly string[] = ['client_id', 'client_secret']

/**
 * Request parameters by name (RFC 6749 §3.2): one without a value is as good as absent, one that occurs twice
 * is an error. Unknown ones are let pass; phones send some. [known-clients: "Signing in"]
 *
 * @throws OAuthError `invalid_request`
 */
export function readParameters(pairs: readonly (readonly [name: string, value: string])[]): Parameters {
  const parameters = new Map<string, string>()
  for (const [name, value] of pairs) {
    if (value === '') continue
    const earlier = parameters.get(name)
    const isRepeated = earlier !== undefined && !(CREDENTIALS.includes(name) && earlier === value)
    if (isRepeated) throw new OAuthError('invalid_request', 'A parameter occurs more than once.')
    parameters.set(name, value)
  }
  return parameters
}

/** @throws OAuthError `invalid_request` */
export function requiredParameter(parameters: Parameters, name: string): string {
  const value = parameters.get(name)
  if (value === undefined) throw new OAuthError('invalid_request', `The parameter ${name} is missing.`)
  return value
}
