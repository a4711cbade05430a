import type { EndpointKey, Registration } from '../store/store.ts'
import type { Outbox } from './outbox.ts'

/**
 * Which link an endpoint has, if any. Found by registration on the hot path (a number), by endpoint where
 * the registration may have been replaced meanwhile.
 */
export class Links {
  readonly #byRegistration = new Map<number, Outbox>()
  readonly #byEndpoint = new Map<string, Outbox>()

  find(registration: Registration): Outbox | undefined {
    return this.#byRegistration.get(registration.registrationId)
  }

  findByEndpoint(endpoint: EndpointKey): Outbox | undefined {
    return this.#byEndpoint.get(nameOf(endpoint))
  }

  /** See `SentThrough` in the store. */
  readonly sentThrough = (registrationId: number): number =>
    this.#byRegistration.get(registrationId)?.sentThrough ?? 0

  add(outbox: Outbox): void {
    this.#byRegistration.set(outbox.registration.registrationId, outbox)
    this.#byEndpoint.set(nameOf(outbox.registration), outbox)
  }

  /** Forgets this very outbox; one that took its place stays. */
  remove(outbox: Outbox): void {
    const { registration } = outbox
    if (this.find(registration) === outbox) this.#byRegistration.delete(registration.registrationId)
    if (this.findByEndpoint(registration) === outbox) this.#byEndpoint.delete(nameOf(registration))
  }
}

/** Ids never contain a slash, so that no two endpoints share a name. */
function nameOf({ organizationId, userId, userEndpointId }: EndpointKey): string {
  return `${organizationId}/${userId}/${userEndpointId}`
}
