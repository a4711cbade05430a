import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type {
  Attachment,
  Link,
  LinkCloseReason,
  LinkPeer,
  OutboundEvent,
  Taken,
} from '../../delivery/delivery.ts'
import type { Registration } from '../../store/store.ts'
import { type PublishTarget, publishBytes, publishFrame } from '../packets/frames.ts'
import type { Connection } from './connection.ts'
import type { OutgoingLink } from './in-flight.ts'
import type { Outgoing } from './outgoing.ts'
import { peerOf } from './peer.ts'

/** What an endpoint is sent over. */
export type SendingConnection = Connection & { readonly outgoing: Outgoing }

/** A topic that the client subscribed to, with what it was granted. */
type Subscription = { readonly topic: string; readonly qos: 0 | 1 }

/**
 * One endpoint of one connection: what delivery sends to, on the topic form that the client subscribed last.
 */
export class EndpointLink implements Link, OutgoingLink, PublishTarget {
  readonly connection: SendingConnection
  readonly registration: Registration
  /** As last read from the registrar. */
  authorizedUntilWallMs: number
  readonly isWebSocket: boolean
  readonly hasProperties: boolean
  topic = ''
  topicBytes = 0
  #qos: 0 | 1 = 0
  /** The other topic form, subscribed earlier. */
  #other: Subscription | undefined
  #attachment: Attachment | undefined

  constructor(connection: SendingConnection, registration: Registration, hasProperties: boolean) {
    this.connection = connection
    this.registration = registration
    this.authorizedUntilWallMs = registration.authorizedUntilWallMs
    this.isWebSocket = connection.transport.isWebSocket
    this.hasProperties = hasProperties
  }

  get peer(): LinkPeer {
    const { client, transport } = this.connection
    if (client === undefined) throw new Error('a link before CONNECT')
    return peerOf(client, transport)
  }

  /** Whether delivery may still hear of its events. */
  get isAttached(): boolean {
    return this.#attachment !== undefined
  }

  /** Resolves to whether it holds its endpoint now: not where the registration has ended meanwhile. Rejects as `unavailable`. */
  attach(): Promise<boolean> {
    this.#attachment ??= this.connection.context.delivery.attach(this.registration, this)
    return this.#attachment.attached
  }

  start(): void {
    this.#attachment?.start()
  }

  resume(): void {
    this.#attachment?.resume()
  }

  detach(reason: DisconnectReason): void {
    const attachment = this.#attachment
    this.#attachment = undefined
    attachment?.detach(reason)
  }

  /** Subscribes to one of the two topic forms; a repeated one replaces itself [MQTT-3.8.4-3]. */
  subscribe(topic: string, qos: 0 | 1): void {
    if (this.topic !== '' && this.topic !== topic) this.#other = { topic: this.topic, qos: this.#qos }
    this.#use({ topic, qos })
  }

  has(topic: string): boolean {
    return this.topic === topic || this.#other?.topic === topic
  }

  /** Returns whether a form is left. */
  unsubscribe(topic: string): boolean {
    const other = this.#other
    this.#other = undefined
    if (other === undefined) return false
    if (this.topic === topic) this.#use(other)
    return true
  }

  send(event: OutboundEvent): Taken {
    try {
      return event.qos === 1 && this.#qos === 1 ? this.#sendTracked(event) : this.#sendOnce(event)
    } catch (error) {
      // Delivery serves others too: what goes wrong here ends this connection only.
      this.connection.fail(error)
      return false
    }
  }

  hasRoom(): boolean {
    const { connection } = this
    const { outgoing } = connection
    if (!connection.isOpen) return false
    if (!outgoing.isCongested && (this.#qos === 0 || outgoing.inFlight.hasRoom)) return true
    outgoing.wait(this)
    return false
  }

  close(reason: LinkCloseReason): void {
    this.connection.close(reason)
  }

  #use({ topic, qos }: Subscription): void {
    this.topic = topic
    this.topicBytes = Buffer.byteLength(topic)
    this.#qos = qos
  }

  #sendTracked(event: OutboundEvent): Taken {
    const { connection } = this
    const { outgoing } = connection
    if (!connection.isOpen) return false
    if (outgoing.isCongested || !outgoing.inFlight.hasRoom) return this.#refuse(event)
    if (this.#isTooLarge(event, 1)) return this.#discard(event)
    const packetId = outgoing.inFlight.add(this, event)
    connection.transport.write(publishFrame(this, packetId, event.payload))
    outgoing.noteSent()
    return true
  }

  /** Sends at QoS 0; a QoS 1 event on a subscription granted at QoS 0 is delivered once the socket took it. */
  #sendOnce(event: OutboundEvent): Taken {
    const { connection } = this
    if (!connection.isOpen) return false
    if (connection.outgoing.isCongested) return this.#refuse(event)
    if (this.#isTooLarge(event, 0)) return this.#discard(event)
    const frame = publishFrame(this, 0, event.payload)
    if (event.qos === 0) connection.transport.write(frame)
    else connection.transport.write(frame, (error) => this.#taken(event, error))
    return true
  }

  #refuse(event: OutboundEvent): false {
    if (event.qos === 1) this.connection.outgoing.wait(this)
    else this.connection.outgoing.noteCongestion()
    return false
  }

  #isTooLarge({ payload }: OutboundEvent, packetId: 0 | 1): boolean {
    const max = this.connection.client?.packetBytesMax ?? Number.POSITIVE_INFINITY
    return max !== Number.POSITIVE_INFINITY && publishBytes(this, packetId, payload) > max
  }

  /** Too large for this client: dropped, and at QoS 1 over as if it had been sent [MQTT-3.1.2-24, MQTT-3.1.2-25]. */
  #discard(event: OutboundEvent): Taken {
    const { log } = this.connection.context
    log.warn('mqtt: an event is larger than its client takes', { payloadBytes: event.payload.length })
    if (event.qos === 0) return 'too_large'
    // Not before `send` has returned: only then does delivery know that the event was taken.
    process.nextTick(() => this.connection.outgoing.acknowledge({ link: this, event }, 'discarded'))
    return true
  }

  #taken(event: OutboundEvent, error?: Error | null): void {
    if (!error) this.connection.outgoing.acknowledge({ link: this, event })
  }
}
