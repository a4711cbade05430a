import { presentedCredentials } from './client-credentials.ts'
import type { Client, DirectorySource } from './directory.ts'
import { OAuthError } from './oauth-error.ts'
import type { Parameters } from './parameters.ts'
import type { SecretChecker } from './secret-checker.ts'

/** Finds out which client is asking. @throws OAuthError `invalid_client`, `invalid_request` */
export type AuthenticateClient = (
  authorization: string | undefined,
  parameters: Parameters,
) => Promise<Client>

/** Which client is asking, by its secret; a public client has none and must show none (RFC 6749 §2.3). */
export function createClientAuthentication(
  directory: Pick<DirectorySource, 'current'>,
  secrets: SecretChecker,
): AuthenticateClient {
  async function shows(client: Client, secret: string): Promise<boolean> {
    if (client.secretHash === undefined) return secret === ''
    return secret !== '' && secrets.matches(secret, client.secretHash)
  }

  return async (authorization, parameters) => {
    for (const { id, secret } of presentedCredentials(authorization, parameters)) {
      const client = directory.current().clients.get(id)
      if (client?.enabled === true && (await shows(client, secret))) return client
    }
    // One answer for unknown, disabled and wrong, so that nobody learns which.
    throw new OAuthError('invalid_client', 'The client is not known or its secret is wrong.', {
      usedHeader: authorization !== undefined,
    })
  }
}
