import type { Directory, DirectorySource, OAuthClient } from '../directory/directory.ts'
import { isSha256Hash } from '../directory/hash-secret.ts'
import { presentedCredentials } from './client-credentials.ts'
import { OAuthError } from './oauth-error.ts'
import type { Parameters } from './parameters.ts'
import type { SecretChecker } from './secret-checker.ts'

/** Finds out which client is asking. @throws OAuthError `invalid_client`, `invalid_request` */
export type AuthenticateClient = (
  authorization: string | undefined,
  parameters: Parameters,
  place: string,
) => Promise<OAuthClient>

/**
 * Which client is asking, by its secret; a public client has none and must show none (RFC 6749 §2.3).
 *
 * Who shows a wrong secret learns nothing from the time it takes: where any client has an argon2id hash, whatever is
 * refused has cost one such run, as for users, be the client unknown, disabled, public or one with a cheap hash.
 */
export function createClientAuthentication(
  directory: Pick<DirectorySource, 'current'>,
  secrets: SecretChecker,
): AuthenticateClient {
  async function shows(client: OAuthClient | undefined, secret: string, place: string): Promise<boolean> {
    if (secret === '') return client?.enabled === true && client.secretHash === undefined
    const hash = client?.secretHash
    const isOfHash = hash !== undefined && (await secrets.matches(secret, hash, place))
    const isRight = isOfHash && client?.enabled === true
    if (!isRight && (hash === undefined || isSha256Hash(hash))) await waste(secret, place)
    return isRight
  }

  async function waste(secret: string, place: string): Promise<void> {
    const decoy = decoyOf(directory.current())
    if (decoy !== undefined) await secrets.matches(secret, decoy, place)
  }

  return async (authorization, parameters, place) => {
    for (const { id, secret } of presentedCredentials(authorization, parameters)) {
      const found = directory.current().clients.get(id)
      if (!(await shows(found, secret, place))) continue
      // The directory may have been reloaded meanwhile: the client as it is now counts.
      const client = directory.current().clients.get(id)
      if (client?.enabled === true && client.secretHash === found?.secretHash) return client
    }
    // One answer for unknown, disabled and wrong, so that nobody learns which.
    throw new OAuthError('invalid_client', 'The client is not known or its secret is wrong.', {
      usedHeader: authorization !== undefined,
    })
  }
}

/** Some hash of the directory, so that also its cost is the usual one; `undefined` where all are cheap. */
function decoyOf({ clients }: Directory): string | undefined {
  for (const { secretHash } of clients.values())
    if (secretHash !== undefined && !isSha256Hash(secretHash)) return secretHash
  return undefined
}
