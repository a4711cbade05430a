import type { Auth } from '../auth/auth.ts'
import type { Clock, Random } from '../clock/clock.ts'
import type { Delivery } from '../delivery/delivery.ts'
import type { History } from '../history/history.ts'
import type { Limits } from '../limits/limits.ts'
import type { Log, Metrics } from '../observe/observe.ts'
import type { Registrar } from '../registrar/registrar.ts'

/** Whether a load balancer should send requests here. */
export interface Readiness {
  /** Why not, in one word such as `starting` or `store_unwritable`; `undefined` while ready. Cheap. */
  notReadyBecause(): string | undefined
}

/** What the HTTP front needs of the other rooms. */
export type HttpServices = {
  readonly auth: Pick<Auth, 'authenticate' | 'token' | 'revoke' | 'jwks' | 'metadata'>
  readonly registrar: Pick<
    Registrar,
    'register' | 'keepalive' | 'unregister' | 'find' | 'list' | 'expiresAtWallMs'
  >
  readonly delivery: Pick<Delivery, 'sendEvent' | 'sendEventAndWait' | 'isConnected'>
  readonly history: History
  readonly limits: Pick<Limits, 'register'>
  readonly metrics: Pick<Metrics, 'refused' | 'render'>
  readonly readiness: Readiness
  readonly log: Pick<Log, 'error' | 'debug'>
  readonly clock: Clock
  readonly random: Random
}
