import type { EndpointKey, RegistrationKey } from '../../store/store.ts'
import type { Outbox } from './outbox.ts'

/**
 * Which link an endpoint has, if any. Found by registration on the hot path (a number), by endpoint where
 * the registration may have been replaced meanwhile.
 */
export class Links {
  readonly #byRegistration = new Map<number, Outbox>()
  readonly #byEndpoint = new Map<string, Outbox>()
  readonly #countByOrganization = new Map<string, number>()

  find(registration: Pick<RegistrationKey, 'registrationId'>): Outbox | undefined {
    return this.#byRegistration.get(registration.registrationId)
  }

  findByEndpoint(endpoint: EndpointKey): Outbox | undefined {
    return this.#byEndpoint.get(nameOf(endpoint))
  }

  all(): readonly Outbox[] {
    return [...this.#byRegistration.values()]
  }

  /** Endpoints that have a link, of one organization or in all. */
  count(organizationId: string | undefined): number {
    if (organizationId === undefined) return this.#byEndpoint.size
    return this.#countByOrganization.get(organizationId) ?? 0
  }

  add(outbox: Outbox): void {
    const { registration } = outbox
    const name = nameOf(registration)
    if (!this.#byEndpoint.has(name)) this.#addToCount(registration.organizationId, 1)
    this.#byRegistration.set(registration.registrationId, outbox)
    this.#byEndpoint.set(name, outbox)
  }

  /** Forgets this very outbox; one that took its place stays. */
  remove(outbox: Outbox): void {
    const { registration } = outbox
    if (this.find(registration) === outbox) this.#byRegistration.delete(registration.registrationId)
    if (this.findByEndpoint(registration) !== outbox) return
    this.#byEndpoint.delete(nameOf(registration))
    this.#addToCount(registration.organizationId, -1)
  }

  #addToCount(organizationId: string, more: 1 | -1): void {
    const count = this.count(organizationId) + more
    if (count === 0) this.#countByOrganization.delete(organizationId)
    else this.#countByOrganization.set(organizationId, count)
  }
}

/** Ids never contain a slash, so that no two endpoints share a name. */
function nameOf({ organizationId, userId, userEndpointId }: EndpointKey): string {
  return `${organizationId}/${userId}/${userEndpointId}`
}
