import type { NodeList } from '@rollcall/protocol/nodes'
import type { Notice } from '@rollcall/protocol/notices'
import type { NodesCounted, SharesHeld, Statistics } from '@rollcall/protocol/statistics'
import type { Audit } from '../audit/audit.ts'
import type { Auth } from '../auth/auth.ts'
import type { Charts } from '../charts/charts.ts'
import type { Clock, Random } from '../clock/clock.ts'
import type { Delivery, TakeOvers } from '../delivery/delivery.ts'
import type { History } from '../history/history.ts'
import type { Limits } from '../limits/limits.ts'
import type { Tags } from '../masks/masks.ts'
import type { Log, Metrics } from '../observe/observe.ts'
import type { Registrar } from '../registrar/registrar.ts'
import type { AuditStore, ErasureStore } from '../store/store.ts'
import type { WakeUps, Webhooks } from '../webhooks/webhooks.ts'

/** Whether a load balancer should send requests here. */
export interface Readiness {
  /** Why not, in one word such as `starting` or `store_unwritable`; `undefined` while ready. Cheap. */
  notReadyBecause(): string | undefined
  /** What an operator should look at although requests may come, such as `disk_low`. Cheap. Default: nothing. */
  warnings?(): readonly string[]
}

/** What all processes of the service have counted, and what they have now. */
export interface Figures {
  /** @param organizationId `null`: all together. @throws RollcallError `unavailable` */
  read(organizationId: string | null): Promise<Counted>
  /** How many endpoints of each have a link. @throws RollcallError `unavailable` */
  connected(organizationIds: readonly string[]): Promise<readonly number[]>
}

type Counted = {
  readonly sinceWallMs: number
  readonly connected: number
  readonly counts: Pick<Statistics, 'qos0' | 'qos1' | 'ended' | 'deliveryMs' | 'expiryLatenessMs'>
  readonly shares: SharesHeld
  readonly nodes: NodesCounted
}

/** What the HTTP front needs of the other rooms. */
export type HttpServices = {
  readonly auth: Pick<
    Auth,
    | 'authenticate'
    | 'isStillGood'
    | 'revocations'
    | 'token'
    | 'revoke'
    | 'oidc'
    | 'revokeUser'
    | 'jwks'
    | 'metadata'
    | 'directory'
    | 'organizations'
    | 'mayBeOrganization'
    | 'namedByIssuers'
  >
  readonly registrar: Pick<
    Registrar,
    | 'register'
    | 'keepalive'
    | 'unregister'
    | 'unregisterAll'
    | 'find'
    | 'look'
    | 'lastSeenWallMs'
    | 'count'
    | 'users'
    | 'organizations'
  >
  readonly delivery: Pick<
    Delivery,
    | 'sendEvent'
    | 'sendEvents'
    | 'sendEventAndWait'
    | 'answer'
    | 'previewMasks'
    | 'census'
    | 'attach'
    | 'acknowledge'
  >
  readonly audit: Pick<Audit, 'record'>
  /** What was written down, as the store has it. */
  readonly auditLines: Pick<AuditStore, 'read'>
  readonly history: History
  readonly erasure: ErasureStore
  /** @see ServiceNodes */
  readonly nodes: {
    read(organizationId: string | null): Promise<NodeList>
    nameOf(node: string | undefined): string | undefined
  }
  readonly notices: { read(organizationId: string | null): Promise<readonly Notice[]> }
  readonly webhooks: Pick<
    Webhooks,
    'list' | 'count' | 'concerning' | 'deadLetters' | 'replay' | 'removeDeadLetters' | 'attempts' | 'test'
  >
  readonly wakeUps: Pick<WakeUps, 'accept' | 'vapidPublicKey' | 'webhookIds'>
  /** Shared with other fronts whose links take endpoints over. */
  readonly takeOvers: Pick<TakeOvers, 'isHeld' | 'note'>
  readonly limits: Pick<Limits, 'register' | 'work' | 'ledger' | 'turns' | 'shedding'>
  /** Of what is handed out to come back. */
  readonly tags: Tags
  readonly metrics: Pick<Metrics, 'refused' | 'render' | 'linkClosed'>
  readonly figures: Figures
  readonly charts: Pick<Charts, 'day'>
  readonly readiness: Readiness
  readonly log: Pick<Log, 'error' | 'warn' | 'debug'>
  readonly clock: Clock
  readonly random: Random
}
