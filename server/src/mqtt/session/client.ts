import type { Principal } from '../../auth/auth.ts'
import type { EndpointKey, UserKey } from '../../store/store.ts'
import type { Version } from '../packets/checks.ts'

/** Who is at the other end, once its CONNECT was accepted. */
export type MqttClient = {
  readonly version: Version
  readonly principal: Principal
  readonly connectedAtWallMs: number
  /** The access token it came with, asked about again while the connection lives. */
  readonly token: string
  /** See `clientKey`; `undefined` where an MQTT 3.1.1 client gave no id. */
  readonly key: string | undefined
  /** Silence after which it is taken for gone; `undefined`: never. */
  readonly silenceMsMax: number | undefined
  /** QoS 1 events it takes unacknowledged. */
  readonly inFlightMax: number
  /** Whether reason strings may be sent to it (MQTT 5.0 §3.1.2.11.7). */
  readonly wantsReasons: boolean
  /** Largest packet it takes, bytes. */
  readonly packetBytesMax: number
  /**
   * Latest `authorizedUntilWallMs` among the user's registrations, as last read: how long a connection
   * without subscriptions outlives its token. 0 while the token has not expired.
   */
  renewedUntilWallMs: number
  /** Whether its authorization is being read again. */
  isRenewing: boolean
}

/** What a client id is unique within: two phones of different people often have the same one. Ids have no slash. */
export function clientKey(principal: Principal, clientId: string): string {
  return [principal.organizationId ?? '', principal.userId, clientId].join('/')
}

/** The endpoint of the client's own user; `undefined` for a caller that has no endpoints. */
export function endpointOf({ principal }: MqttClient, userEndpointId: string): EndpointKey | undefined {
  const { organizationId, userId } = principal
  return organizationId === null ? undefined : { organizationId, userId, userEndpointId }
}

/** Whose it is, as far as the caller belongs to an organization. */
export function userOf({ principal }: MqttClient): Partial<UserKey> {
  const { organizationId, userId } = principal
  return organizationId === null ? { userId } : { organizationId, userId }
}
