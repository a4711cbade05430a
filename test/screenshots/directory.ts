import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashRandomSecret, hashSecret } from '../../server/src/auth/auth.ts'

/** One secret for everybody in the pictures: none of it is shown. */
export const SECRET = 'secret-of-the-pictures'
export const BACKEND = 'acme-backend'
const USERS = ['alice', 'bob', 'carla', 'dmitri', 'emma', 'farid', 'grace', 'hugo', 'nora'] as const

/** A webhook of the directory file. */
export type Hook = {
  readonly id: string
  readonly url: string
  readonly secret: string
  readonly events: readonly string[]
  readonly enabled?: boolean
}

/** Writes a directory file with one organization and its webhooks; returns its path. */
export async function writeDirectory(folder: string, webhooks: readonly Hook[]): Promise<string> {
  const passwordHash = await hashSecret(SECRET)
  const file = join(folder, 'directory.json')
  const directory = {
    organizations: [{ id: 'acme', name: 'Acme', webhooks }],
    users: USERS.map((username) => ({ username, passwordHash, organizationId: 'acme' })),
    clients: [
      {
        id: BACKEND,
        secretHash: hashRandomSecret(SECRET),
        organizationId: 'acme',
        grants: ['client_credentials'],
      },
      { id: 'customer', public: true, grants: ['password', 'refresh_token'] },
    ],
  }
  await writeFile(file, JSON.stringify(directory))
  return file
}
