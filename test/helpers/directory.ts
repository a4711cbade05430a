import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requestToken } from '@rollcall/client/client'
import { hashRandomSecret, hashSecret } from '../../server/src/auth/auth.ts'

const SECRET = 'a-random-secret-of-enough-characters-for-tests'

/** Members of a user, a client or `acme` that differ from the usual. */
export type Changes = { readonly [id: string]: object | null }

/**
 * A directory file: users `alice`, `bob`, `boss` (administrator) of acme and `carol` of globex, whose passwords
 * are `<name>-password`; clients `customer`, `acme-backend`, `globex-backend` and `service`.
 */
export async function makeDirectory(folder: string) {
  const file = join(folder, 'directory.json')
  const hashes = new Map<string, string>()
  for (const name of ['alice', 'bob', 'boss', 'carol']) hashes.set(name, await hashSecret(`${name}-password`))

  async function write(changes: Changes = {}): Promise<void> {
    const user = (username: string, more: object = {}) => ({
      username,
      passwordHash: hashes.get(username),
      organizationId: 'acme',
      ...more,
      ...changes[username],
    })
    const client = (id: string, more: object) => ({
      id,
      secretHash: hashRandomSecret(SECRET),
      grants: ['client_credentials'],
      ...more,
      ...changes[id],
    })
    const users = [
      user('alice'),
      user('bob'),
      user('boss', { authorities: ['ROLE_USER', 'ROLE_ORGANIZATION_ADMIN'] }),
      user('carol', { organizationId: 'globex' }),
    ]
    const clients = [
      { id: 'customer', public: true, grants: ['password', 'refresh_token'], ...changes['customer'] },
      client('acme-backend', { organizationId: 'acme' }),
      client('globex-backend', { organizationId: 'globex' }),
      client('service', { authorities: ['SERVICE'] }),
    ]
    const content = {
      organizations: [{ id: 'acme', ...changes['acme'] }, { id: 'globex' }],
      users: present(users, changes),
      clients,
    }
    // At once, or the server might read half of it.
    await writeFile(`${file}.new`, JSON.stringify(content))
    await rename(`${file}.new`, file)
  }
  await write()
  return { file, write }
}

function present<T extends { readonly username: string }>(
  users: readonly T[],
  changes: Changes,
): readonly T[] {
  return users.filter(({ username }) => changes[username] !== null)
}

export async function tokenOfUser(url: string, username: string, password = `${username}-password`) {
  return requestToken({ url, clientId: 'customer', grant: { type: 'password', username, password } })
}

export async function tokenOfClient(url: string, clientId: string): Promise<string> {
  const grant = { type: 'client_credentials' } as const
  return (await requestToken({ url, clientId, clientSecret: SECRET, grant })).accessToken
}
