import type { EndpointKey, Registration, UserKey } from '../store/store.ts'

/** Keeps registrations: register, keepalive, unregister, reminders and expiry. Knows nothing of delivery. */
export interface Registrar {
  /**
   * Registers an endpoint, or refreshes it when it is live. Durable when it resolves.
   *
   * @param userEndpointId absent: a new one is made
   * @param authorizedUntilWallMs `exp` of the caller's token
   * @throws RollcallError `invalid_request` (keepAliveSeconds, userEndpointId), `too_many_endpoints`, `unavailable`
   */
  register(user: UserKey, wanted: WantedRegistration, authorizedUntilWallMs: number): Promise<Registration>
  /**
   * Keeps an endpoint alive for another period. Answered at once, durable within 1 s.
   *
   * @param authorizedUntilWallMs `exp` of the caller's token; `undefined` for a keepalive over MQTT, which
   *   extends the registration but never the authorization
   * @throws RollcallError `endpoint_unknown` for one that is unknown, expired or another user's
   */
  keepalive(endpoint: EndpointKey, authorizedUntilWallMs: number | undefined): Promise<Registration>
  /** @throws RollcallError `endpoint_unknown` */
  unregister(endpoint: EndpointKey): Promise<void>
  /** Live registrations only. */
  find(endpoint: EndpointKey): Promise<Registration | undefined>
  list(user: UserKey): Promise<readonly Registration[]>
  /** Wall-clock time at which the registration expires unless kept alive. */
  expiresAtWallMs(registration: Registration): number
  /** Starts the sweeper. */
  start(): void
  /** Stops the sweeper; resolves when a running sweep has ended. Idempotent. */
  close(): Promise<void>
}

export type WantedRegistration = {
  readonly userEndpointId: string | undefined
  readonly keepAliveSeconds: number
  readonly serverKeepAliveReminderOn: boolean
}
