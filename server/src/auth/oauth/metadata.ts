import { GRANTS } from '../directory/directory.ts'
import { SCOPE } from '../tokens/access-token.ts'

// Credentials in the query are taken too, but have no registered name, and nobody should begin with them.
const CLIENT_AUTHENTICATION = ['client_secret_basic', 'client_secret_post', 'none']

/** Authorization server metadata (RFC 8414 §2), with the URLs as clients see them. */
export function serverMetadata(issuer: string): { readonly [name: string]: unknown } {
  return {
    issuer,
    token_endpoint: `${issuer}/security/oauth/token`,
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    revocation_endpoint: `${issuer}/security/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    grant_types_supported: GRANTS,
    // Required, and empty: there is no authorization endpoint.
    response_types_supported: [],
    scopes_supported: [SCOPE],
  }
}
