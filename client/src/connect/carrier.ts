import { endpointTopic } from '@rollcall/protocol/topic'
import type { MqttVersion } from '../mqtt/encode.ts'
import { openLink } from '../mqtt/link.ts'
import type { ClientClock, ClientRandom, WebSocketConstructor } from '../platform.ts'
import type { SdkError } from '../sdk-error.ts'
import { userOf } from '../token-claims.ts'
import type { Delivery } from './inbox.ts'

export type SubscribeRequest = {
  readonly userEndpointId: string
  readonly token: string
  /** Ends the attempt, and the subscription. */
  readonly signal: AbortSignal
  readonly onDelivery: (delivery: Delivery) => void
  /** Called at most once, and not after `close`. It may be called before `subscribe` has resolved. */
  readonly onEnd: (error: SdkError) => void
}

export type Subscription = {
  /** Nothing comes any more. Idempotent. */
  close(): void
}

/** How events come: over MQTT on a WebSocket, or as server-sent events. */
export type TransportName = 'websocket' | 'stream'

/** Brings one endpoint's events here: over a connection of its own, or one that several tabs share. */
export interface Carrier {
  /** How they come now, while they do. */
  readonly transport: TransportName | undefined
  /** @throws SdkError `link_failed`, `link_refused`, `unauthorized`, `registration_ended`, `timeout`, `aborted` */
  subscribe(request: SubscribeRequest): Promise<Subscription>
  /** Gives up what it shares with other tabs until the next `subscribe`. */
  leave(): void
  close(): void
}

export type LinkSettings = {
  readonly url: string
  readonly mqttVersion: MqttVersion
  readonly pingMs: number
  readonly timeoutMs: number
  readonly WebSocket: WebSocketConstructor
  readonly clock: ClientClock
  readonly random: ClientRandom
}

/** One connection for each subscription. */
export function createOwnCarrier(settings: LinkSettings): Carrier {
  return {
    transport: 'websocket',
    async subscribe({ userEndpointId, token, signal, onDelivery, onEnd }) {
      const link = await openLink({
        ...linkOptions(settings, token),
        signal,
        onPublish: ({ payload, packetId }) =>
          onDelivery({
            payload,
            qos: packetId === undefined ? 0 : 1,
            ack: () => packetId !== undefined && link.ack(packetId),
          }),
        onEnd,
      })
      try {
        await link.subscribe(endpointTopic(userEndpointId))
      } catch (error) {
        link.close()
        throw error
      }
      return { close: () => link.close() }
    },
    leave: () => undefined,
    close: () => undefined,
  }
}

/** What a link needs, but for what is done with its events. */
export function linkOptions(settings: LinkSettings, token: string) {
  const { url, mqttVersion: version, WebSocket, clock, random, pingMs, timeoutMs } = settings
  return {
    url,
    version,
    WebSocket,
    clock,
    pingMs,
    timeoutMs,
    token,
    clientId: random.uuid(),
    // MQTT 5 may leave it out; then the token alone says who it is.
    userName: version === 5 ? undefined : userOf(token)?.userId,
  }
}
