import type { Directory, DirectorySource, OAuthClient } from '../directory/directory.ts'
import { isSha256Hash } from '../directory/hash-secret.ts'
import { presentedCredentials } from './client-credentials.ts'
import { OAuthError } from './oauth-error.ts'
import type { Parameters } from './parameters.ts'
import type { SecretChecker } from './secret-checker.ts'

/** A client, and by which secret it is the one. */
export type Authenticated = {
  readonly client: OAuthClient
  /** One of its hashes; `undefined`: a public client. */
  readonly secretHash: string | undefined
}

/** Finds out which client is asking. @throws OAuthError `invalid_client`, `invalid_request` */
export type AuthenticateClient = (
  authorization: string | undefined,
  parameters: Parameters,
  place: string,
) => Promise<Authenticated>

/**
 * Which client is asking, by one of its secrets; a public client has none and must show none (RFC 6749 §2.3).
 *
 * Who shows a wrong secret learns nothing from the time it takes: whatever is refused has cost as many argon2id runs as the
 * client with the most such hashes takes, be the client unknown, disabled, public or one with cheap hashes.
 */
export function createClientAuthentication(
  directory: Pick<DirectorySource, 'current'>,
  secrets: Pick<SecretChecker, 'matches'>,
): AuthenticateClient {
  let decoys: Decoys | undefined

  /** The hash that the secret is of; `null`: of a public client, which shows none; `undefined`: it is not. */
  async function shown(client: OAuthClient | undefined, secret: string, place: string) {
    const hashes = client?.secretHashes ?? []
    if (secret === '') return client?.enabled === true && hashes.length === 0 ? null : undefined
    let runs = 0
    for (const hash of hashes) {
      if (!isSha256Hash(hash)) runs++
      if ((await secrets.matches(secret, hash, place)) && client?.enabled === true) return hash
    }
    await waste(secret, runs, place)
    return undefined
  }

  async function waste(secret: string, done: number, place: string): Promise<void> {
    const current = directory.current()
    if (decoys?.of !== current) decoys = decoysOf(current)
    for (const hash of decoys.hashes.slice(done)) await secrets.matches(secret, hash, place)
  }

  return async (authorization, parameters, place) => {
    for (const { id, secret } of presentedCredentials(authorization, parameters)) {
      const hash = await shown(directory.current().clients.get(id), secret, place)
      if (hash === undefined) continue
      // The directory may have been reloaded meanwhile: the client as it is now counts.
      const client = directory.current().clients.get(id)
      if (client?.enabled === true && has(client, hash)) return { client, secretHash: hash ?? undefined }
    }
    // One answer for unknown, disabled and wrong, so that nobody learns which.
    throw new OAuthError('invalid_client', 'The client is not known or its secret is wrong.', {
      usedHeader: authorization !== undefined,
    })
  }
}

function has({ secretHashes }: OAuthClient, hash: string | null): boolean {
  return hash === null ? secretHashes.length === 0 : secretHashes.includes(hash)
}

/** Hashes to be run in vain, found once for each directory. */
type Decoys = { readonly of: Directory; readonly hashes: readonly string[] }

/** Those of the client that has the most, so that also their cost is the usual one; none where all are cheap. */
function decoysOf(directory: Directory): Decoys {
  let hashes: readonly string[] = []
  for (const { secretHashes } of directory.clients.values()) {
    const slow = secretHashes.filter((hash) => !isSha256Hash(hash))
    if (slow.length > hashes.length) hashes = slow
  }
  return { of: directory, hashes }
}
