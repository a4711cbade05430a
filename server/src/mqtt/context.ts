import type { Auth } from '../auth/auth.ts'
import type { Clock, Random } from '../clock/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { AllowedOrigins } from '../config/config.ts'
import type { Delivery, TakeOvers } from '../delivery/delivery.ts'
import type { Holder, Ledger, Shedding, WorkMeter } from '../limits/limits.ts'
import type { Log, Metrics } from '../observe/observe.ts'
import type { Registrar } from '../registrar/registrar.ts'
import type { ClientIds } from './session/client-ids.ts'
import type { Sessions } from './session/sessions.ts'
import type { Wheel } from './session/wheel.ts'
import type { TurnEnd } from './transport/turn-end.ts'

/** What the MQTT front needs of the other rooms. */
export type MqttOptions = {
  readonly auth: Pick<Auth, 'authenticate' | 'authenticateStale' | 'isStillGood' | 'kept'>
  readonly registrar: Pick<Registrar, 'find' | 'look' | 'keepalive'>
  readonly delivery: Pick<Delivery, 'attach' | 'sendEvent' | 'answer'>
  /** The processes of the service. Absent: this one is all there is. */
  readonly cluster?: Pick<Cluster, 'nodes' | 'requests'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Pick<Metrics, 'linkClosed' | 'refused' | 'staleConnect'>
  readonly ledger: Pick<Ledger, 'links' | 'pendingLinks' | 'unfinishedBytes'>
  readonly work: WorkMeter
  readonly shedding: Pick<Shedding, 'admit'>
  /** Shared with other fronts whose links take endpoints over. Default: one of its own. */
  readonly takeOvers?: TakeOvers
  readonly settings: MqttSettings
}

/** A connection's place, and whose share it is taken from. `release` is idempotent. */
export type Place = { readonly holder: Holder; readonly remoteAddress: string; release(): void }

/** Configuration keys of the same names. */
export type MqttSettings = {
  readonly linksMax: number
  readonly pendingLinksMax: number
  /** Not a key: whether a backend must have shown a client certificate on its connection. Default: no. */
  readonly backendsShowCertificate?: boolean
  readonly allowedOrigins: AllowedOrigins
  readonly publicUrl: string | undefined
  readonly tokenBytesMax: number
  readonly ackTimeoutSeconds: number
  /** Not a key: whether a handshake for this `Host` is answered. Default: every one is. */
  readonly isHostAllowed?: ((host: string | undefined) => boolean) | undefined
}

/** The same, with what all connections share. */
export type MqttContext = MqttOptions & {
  readonly sessions: Sessions
  /** Of the other processes; `undefined`: there are none. */
  readonly clientIds: ClientIds | undefined
  readonly wheel: Wheel
  readonly turnEnd: TurnEnd
  readonly takeOvers: TakeOvers
  /** Largest packet before CONNECT was accepted. */
  readonly connectBytesMax: number
}
