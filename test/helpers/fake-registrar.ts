import { RollcallError } from '@rollcall/protocol/error-code'
import type { HttpOptions } from '../../server/src/http/http.ts'
import type {
  Addressee,
  EndpointKey,
  Range,
  Registration,
  Sighting,
  UserKey,
} from '../../server/src/store/store.ts'
import type { FakeClock } from './fake-clock.ts'
import { PEER } from './link-peer.ts'

/** Registrations without a store; `failure` makes everything fail. */
export class FakeRegistrar {
  readonly #clock: FakeClock
  readonly #registrations = new Map<string, Registration>()
  failure: Error | undefined
  /** `exp` of the token of each register and keepalive. */
  readonly authorizedUntil: (number | undefined)[] = []
  readonly wanted: unknown[] = []

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  async register(
    user: UserKey,
    wanted: Parameters<HttpOptions['registrar']['register']>[1],
    authorizedUntilWallMs: number,
  ): Promise<Registration> {
    this.#failOrGo()
    this.wanted.push(wanted)
    this.authorizedUntil.push(authorizedUntilWallMs)
    const nowMs = this.#clock.wallMs()
    const registration: Registration = {
      ...user,
      userEndpointId: wanted.userEndpointId ?? `made-${this.#registrations.size + 1}`,
      registrationId: this.#registrations.size + 1,
      keepAliveSeconds: wanted.keepAliveSeconds,
      serverKeepAliveReminderOn: wanted.serverKeepAliveReminderOn,
      registeredAtWallMs: nowMs,
      lastKeepAliveAtWallMs: nowMs,
      remainingMs: wanted.keepAliveSeconds * 1_000,
      reminded: false,
      authorizedUntilWallMs,
    }
    this.#registrations.set(keyOf(registration), registration)
    return registration
  }

  async keepalive(endpoint: EndpointKey, authorizedUntilWallMs: number | undefined): Promise<Registration> {
    this.authorizedUntil.push(authorizedUntilWallMs)
    return this.#get(endpoint)
  }

  async unregister(endpoint: EndpointKey): Promise<void> {
    this.#get(endpoint)
    this.#registrations.delete(keyOf(endpoint))
  }

  /** At the other end of the links there are: that of the endpoint `connected`, and what else is said to have one. */
  peer = PEER
  isLinked = (_userEndpointId: string): boolean => false

  async find(endpoint: EndpointKey): Promise<Registration | undefined> {
    return (await this.look([endpoint]))[0]?.registration
  }

  async look(addressees: readonly Addressee[]): Promise<readonly Sighting<'depth' | 'link'>[]> {
    this.#failOrGo()
    return addressees.flatMap(({ organizationId, userId, userEndpointId }) =>
      [...this.#registrations.values()]
        .filter((one) => one.organizationId === organizationId && one.userId === userId)
        .filter((one) => userEndpointId === undefined || one.userEndpointId === userEndpointId)
        .map((one) => this.#seen(one)),
    )
  }

  async unregisterAll(user: UserKey): Promise<void> {
    for (const { registration } of await this.look([user])) this.#registrations.delete(keyOf(registration))
  }

  async lastSeenWallMs(user: UserKey): Promise<number | undefined> {
    const times = (await this.look([user])).map(({ registration }) => registration.lastKeepAliveAtWallMs)
    return times.length === 0 ? undefined : Math.max(...times)
  }

  async users(organizationId: string, { prefix, after, max }: Range) {
    this.#failOrGo()
    const all = [...this.#registrations.values()].filter((one) => one.organizationId === organizationId)
    const ids = [...new Set(all.map(({ userId }) => userId))].sort()
    const found = ids.filter((id) => id.startsWith(prefix) && id > after)
    const page = found.slice(0, max)
    const users = page.map((userId) => {
      const registrations = all.filter((one) => one.userId === userId)
      return { userId, lastSeenWallMs: registrations[0]?.lastKeepAliveAtWallMs }
    })
    return { users, next: found.length > max ? page.at(-1) : undefined }
  }

  async organizations({ prefix, after, max }: Range) {
    const all = [...this.#registrations.values()].map(({ organizationId }) => organizationId)
    const found = [...new Set(all)].sort().filter((id) => id.startsWith(prefix) && id > after)
    const organizationIds = found.slice(0, max)
    return { organizationIds, next: found.length > max ? organizationIds.at(-1) : undefined }
  }

  async count(organizationId?: string): Promise<number> {
    const all = [...this.#registrations.values()]
    return all.filter((one) => organizationId === undefined || one.organizationId === organizationId).length
  }

  /** As it is handed out now. */
  #seen(one: Registration): Sighting<'depth' | 'link'> {
    const { lastKeepAliveAtWallMs, keepAliveSeconds, userEndpointId } = one
    const remainingMs = lastKeepAliveAtWallMs + keepAliveSeconds * 1_000 - this.#clock.wallMs()
    const isLinked = userEndpointId === 'connected' || this.isLinked(userEndpointId)
    const link = isLinked ? { linkId: 1, peer: this.peer } : undefined
    return { registration: { ...one, remainingMs }, depth: userEndpointId.length, link }
  }

  #get(endpoint: EndpointKey): Registration {
    this.#failOrGo()
    const found = this.#registrations.get(keyOf(endpoint))
    if (found === undefined) throw new RollcallError('endpoint_unknown')
    return found
  }

  #failOrGo(): void {
    if (this.failure !== undefined) throw this.failure
  }
}

function keyOf({ organizationId, userId, userEndpointId }: EndpointKey): string {
  return JSON.stringify([organizationId, userId, userEndpointId])
}
