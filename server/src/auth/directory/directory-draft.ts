import { FormError, memberPath } from '../../parse/parse.ts'
import type { Directory, OAuthClient, Organization, User } from './directory.ts'

/** What is said of an id or a name that is not free. */
export const TAKEN = 'is taken by an earlier entry'

/** A directory that grows entry by entry, each of which has to fit to those before it: organizations come first. */
export class DirectoryDraft implements Directory {
  readonly organizations = new Map<string, Organization>()
  readonly users = new Map<string, User>()
  readonly usersByName = new Map<string, User>()
  readonly clients = new Map<string, OAuthClient>()

  /** @throws FormError */
  addOrganization(organization: Organization, path: string): void {
    refuseOrganization(this, organization, path)
    this.organizations.set(organization.id, organization)
  }

  /** @throws FormError */
  addUser(user: User, path: string): void {
    refuseUser(this, user, path)
    this.users.set(user.id, user)
    this.usersByName.set(user.username, user)
  }

  /** @throws FormError */
  addClient(client: OAuthClient, path: string): void {
    refuseClient(this, client, path)
    this.clients.set(client.id, client)
  }
}

/** What a new organization cannot tell alone. @throws FormError */
export function refuseOrganization({ organizations }: Directory, { id }: Organization, path: string): void {
  if (organizations.has(id)) throw new FormError(memberPath(path, 'id'), TAKEN)
}

/** The same of a user. @param former whose place it takes */
export function refuseUser(directory: Directory, user: User, path: string, former?: User): void {
  const { users, usersByName, clients } = directory
  if (users.get(user.id) !== former) throw new FormError(memberPath(path, 'id'), TAKEN)
  const namesake = usersByName.get(user.username)
  if (namesake !== undefined && namesake !== former) throw new FormError(memberPath(path, 'username'), TAKEN)
  if (clients.has(user.id)) throw new FormError(memberPath(path, 'id'), 'is the id of a client')
  refuseUnknownOrganization(directory, user, path)
}

/** The same of a client, which as a caller by client credentials is the user of its id. [spec: "sendEvent"] */
export function refuseClient(
  directory: Directory,
  client: OAuthClient,
  path: string,
  former?: OAuthClient,
): void {
  if (directory.clients.get(client.id) !== former) throw new FormError(memberPath(path, 'id'), TAKEN)
  if (directory.users.has(client.id)) throw new FormError(memberPath(path, 'id'), 'is the id of a user')
  refuseUnknownOrganization(directory, client, path)
}

function refuseUnknownOrganization(
  { organizations }: Directory,
  { organizationId }: { readonly organizationId: string | null },
  path: string,
): void {
  if (organizationId !== null && !organizations.has(organizationId))
    throw new FormError(
      memberPath(path, 'organizationId'),
      'is not the id of an organization in this directory',
    )
}
