import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requestToken, type TokenRequest } from '@rollcall/client/client'
import { BACKEND, ORGANIZATION, userId } from '../load/roster.ts'
import type { Server } from './server.ts'

const APP = 'bench-app'
const PASSWORD = 'bench-password'
// argon2id at its least cost: what is measured are tokens, not signing in. Only ever in a folder that goes
// away with the benchmark.
const PASSWORD_HASH =
  '$argon2id$v=19$m=8,t=1,p=1$d27U+29fcwv2upODlGGX1A$6INEaxJ7ky9jkUHuWiRVKm2cGq4uJwRuln8aj5cydDQ'
const SIGNING_IN_MAX = 32

/** Users and clients of the benchmark. */
export type Identities = {
  /** Those who sign in; the directory may have more. */
  readonly users: number
  readonly backendSecret: string
  /** A directory file with them. */
  readonly directoryFile: string
}

/**
 * @param users who sign in
 * @param listed how many there are in the directory, those among them
 */
export function writeDirectory(folder: string, users: number, listed: number): Identities {
  const backendSecret = randomBytes(24).toString('base64url')
  const directory = {
    organizations: [{ id: ORGANIZATION }],
    users: Array.from({ length: Math.max(users, listed) }, (_, user) => ({
      username: userId(user),
      passwordHash: PASSWORD_HASH,
      organizationId: ORGANIZATION,
    })),
    clients: [
      { id: APP, public: true, grants: ['password'] },
      {
        id: BACKEND,
        secretHash: `sha256$${createHash('sha256').update(backendSecret).digest('base64url')}`,
        organizationId: ORGANIZATION,
        grants: ['client_credentials'],
      },
    ],
  }
  const directoryFile = join(folder, 'directory.json')
  writeFileSync(directoryFile, JSON.stringify(directory), { mode: 0o600 })
  return { users, backendSecret, directoryFile }
}

/** Signs everybody in; returns the access tokens as `load/roster.ts` reads them. */
export async function signIn({ url }: Server, { users, backendSecret }: Identities): Promise<string> {
  const backend = await tokenFor({
    url,
    clientId: BACKEND,
    clientSecret: backendSecret,
    grant: { type: 'client_credentials' },
  })
  const tokens = Array.from({ length: users }, () => '')
  let next = 0
  const signInOneByOne = async (): Promise<void> => {
    while (next < users) {
      const user = next++
      const grant = { type: 'password', username: userId(user), password: PASSWORD } as const
      tokens[user] = await tokenFor({ url, clientId: APP, grant })
    }
  }
  await Promise.all(Array.from({ length: SIGNING_IN_MAX }, signInOneByOne))
  return `${[backend, ...tokens].join('\n')}\n`
}

async function tokenFor(request: TokenRequest): Promise<string> {
  const { accessToken } = await requestToken(request)
  return accessToken
}
