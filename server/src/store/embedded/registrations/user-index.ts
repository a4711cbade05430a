import type { EndpointKey, UserKey } from '../../store.ts'
import type { RegistrationRecord } from './record.ts'

/** Most users have one endpoint, which then needs no array of its own. */
type Endpoints = RegistrationRecord | RegistrationRecord[]
type Organization = { readonly id: string; readonly users: Map<string, Endpoints> }

/** The newest registration of each endpoint, by user. */
export class UserIndex {
  readonly #organizations = new Map<string, Organization>()
  #onNewUser: ((user: UserKey) => void) | undefined

  /** Has `listener` called with each user that had no endpoint before. */
  onNewUser(listener: (user: UserKey) => void): void {
    this.#onNewUser = listener
  }

  /** Organizations with an endpoint. */
  organizationIds(): Iterable<string> {
    return this.#organizations.keys()
  }

  /** Users with an endpoint. May be read while it changes: who comes meanwhile is told to the listener. */
  userIds(organizationId: string): Iterable<string> {
    return this.#organizations.get(organizationId)?.users.keys() ?? []
  }

  /** The one string that all records of an organization share. */
  intern(organizationId: string): string {
    return this.#organization(organizationId).id
  }

  find(endpoint: EndpointKey): RegistrationRecord | undefined {
    const endpoints = this.#endpoints(endpoint)
    if (endpoints === undefined) return undefined
    if (Array.isArray(endpoints)) return endpoints.find((record) => isOf(record, endpoint))
    return isOf(endpoints, endpoint) ? endpoints : undefined
  }

  /** The user's endpoints, oldest first. */
  list(user: UserKey): readonly RegistrationRecord[] {
    const endpoints = this.#endpoints(user)
    if (endpoints === undefined) return []
    return Array.isArray(endpoints) ? endpoints : [endpoints]
  }

  /** Every record, in no order that anybody may rely on. */
  *all(): Generator<RegistrationRecord> {
    for (const { users } of this.#organizations.values())
      for (const endpoints of users.values()) {
        if (Array.isArray(endpoints)) yield* endpoints
        else yield endpoints
      }
  }

  /** Adds a record that is newer than all others of its user; an older one of its endpoint gives way. */
  add(record: RegistrationRecord): RegistrationRecord | undefined {
    const { users } = this.#organization(record.organizationId)
    const endpoints = users.get(record.userId)
    if (endpoints === undefined) {
      users.set(record.userId, record)
      this.#onNewUser?.(record)
      return undefined
    }
    const all = Array.isArray(endpoints) ? endpoints : [endpoints]
    const replaced = all.find((other) => isOf(other, record))
    const others = all.filter((other) => other !== replaced)
    users.set(record.userId, others.length === 0 ? record : [...others, record])
    return replaced
  }

  /** Removes exactly this record; does nothing when another has taken its place. */
  remove(record: RegistrationRecord): void {
    const organization = this.#organizations.get(record.organizationId)
    const others = this.list(record).filter((other) => other !== record)
    const [first] = others
    if (first === undefined) organization?.users.delete(record.userId)
    else organization?.users.set(record.userId, others.length === 1 ? first : others)
    if (organization?.users.size === 0) this.#organizations.delete(record.organizationId)
  }

  #endpoints(user: UserKey): Endpoints | undefined {
    return this.#organizations.get(user.organizationId)?.users.get(user.userId)
  }

  #organization(id: string): Organization {
    const existing = this.#organizations.get(id)
    if (existing !== undefined) return existing
    const organization: Organization = { id, users: new Map() }
    this.#organizations.set(id, organization)
    return organization
  }
}

function isOf(record: RegistrationRecord, endpoint: EndpointKey): boolean {
  return record.userEndpointId === endpoint.userEndpointId
}
