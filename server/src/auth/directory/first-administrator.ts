import type { Random } from '../../clock/clock.ts'
import { createDirectoryAdmin, type DirectoryAdmin } from './directory-admin.ts'
import { StoredEntries, type StoredOptions } from './stored-entries.ts'

/** Whom to let in, with what. */
export type NewAdministrator = {
  /** What to sign in with: a client id, or a user name. */
  readonly name: string
  readonly secret: string
  /** The public client through which people sign in; `undefined`: it is a client itself. */
  readonly signInClient: string | undefined
}

/** The public client of people that there is where nobody has made another. */
const PEOPLE_CLIENT = 'customer'

/**
 * Makes a client of role SERVICE, which administers everything; one that is there gets another secret.
 *
 * @throws RollcallError, FormError naming what is wrong with the id
 */
export async function addServiceClient(
  options: StoredOptions,
  random: Pick<Random, 'bytes'>,
  id: string,
): Promise<NewAdministrator> {
  return withAdmin(options, random, async (admin, stored) => {
    const former = stored.entries.get(`clients/${id}`)
    const written =
      former === undefined
        ? await admin.add(null, 'clients', {
            id,
            authorities: ['ROLE_SERVICE'],
            grants: ['client_credentials'],
          })
        : await admin.rotateSecret(null, { kind: 'clients', id }, former.revision)
    return { name: id, secret: written.secret ?? '', signInClient: undefined }
  })
}

/**
 * Makes an administrator of an organization, and the organization, and a public client for people to sign in through, where
 * there are none. A user who is there gets another password, and the authority.
 *
 * @throws RollcallError naming what is wrong
 */
export async function addOrganizationAdministrator(
  options: StoredOptions,
  random: Pick<Random, 'bytes'>,
  { organizationId, username }: { readonly organizationId: string; readonly username: string },
): Promise<NewAdministrator> {
  return withAdmin(options, random, async (admin, stored) => {
    const { organizations, clients, usersByName } = stored.current()
    if (!organizations.has(organizationId)) await admin.add(null, 'organizations', { id: organizationId })
    const publicClient = [...clients.values()].find(
      ({ secretHashes, grants, organizationId: of }) =>
        secretHashes.length === 0 && grants.has('password') && (of === null || of === organizationId),
    )
    if (publicClient === undefined)
      await admin.add(null, 'clients', {
        ...{ id: PEOPLE_CLIENT, public: true, grants: ['password', 'refresh_token'] },
      })
    const signInClient = publicClient?.id ?? PEOPLE_CLIENT
    const former = usersByName.get(username)
    const authorities = [...new Set([...(former?.authorities ?? ['ROLE_USER']), 'ROLE_ORGANIZATION_ADMIN'])]
    if (former === undefined) {
      const { secret = '' } = await admin.add(null, 'users', { username, organizationId, authorities })
      return { name: username, secret, signInClient }
    }
    const name = { kind: 'users', id: former.id } as const
    const { revision = 0 } = await admin.change(
      organizationId,
      name,
      { authorities, enabled: true },
      stored.entries.get(`users/${former.id}`)?.revision ?? 0,
    )
    const { secret = '' } = await admin.rotateSecret(organizationId, name, revision)
    return { name: username, secret, signInClient }
  })
}

async function withAdmin<T>(
  options: StoredOptions,
  random: Pick<Random, 'bytes'>,
  work: (admin: DirectoryAdmin, stored: StoredEntries) => Promise<T>,
): Promise<T> {
  const stored = await StoredEntries.open(options)
  try {
    return await work(createDirectoryAdmin(stored, stored, random), stored)
  } finally {
    await stored.close()
  }
}
