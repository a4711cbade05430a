import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import { asError } from '../../observe/observe.ts'
import type { MqttContext, Place } from '../context.ts'
import type { Ingress } from '../operations/ingress.ts'
import { disconnect, type Welcome, welcome } from '../packets/answers.ts'
import { frameOf } from '../packets/frames.ts'
import { CLOSE_REASONS, CLOSE_TEXTS, type CloseReason, PacketError } from '../reasons.ts'
import type { Transport, TransportListener } from '../transport/transport.ts'
import { type MqttClient, userOf } from './client.ts'
import type { Connection } from './connection.ts'
import { disconnectReason } from './disconnect-reason.ts'
import type { EndpointLink } from './endpoint-link.ts'
import { Incoming } from './incoming.ts'
import { checkLiveness } from './liveness.ts'
import { Outgoing } from './outgoing.ts'
import { Unfinished } from './unfinished.ts'
import type { Due } from './wheel.ts'

/** Time a closed connection has to take what was written last, milliseconds. */
const LINGER_MS = 5_000

/**
 * Every so many answers the socket has to take them before more packets are carried out: a client that asks and
 * never reads must not fill our memory with answers.
 */
const ANSWERS_AT_ONCE_MAX = 256

const NO_LINKS: readonly EndpointLink[] = []

/**
 * One MQTT connection, from its first byte to the end of its socket. It is *open* until it is closed by either
 * side; from then on nothing is read, sent or acknowledged, and it only waits for its socket to go.
 */
export class Session implements Connection, TransportListener, Due {
  readonly context: MqttContext
  readonly transport: Transport
  readonly outgoing: Outgoing
  readonly #incoming: Incoming
  wheelSlot = -1
  /** Set once CONNECT was accepted. */
  client: MqttClient | undefined
  links = NO_LINKS
  /** See `ingressOf`. */
  ingress: Ingress | undefined
  /** When the last whole packet came, or, before that, when the connection was opened. */
  heardAtMs: number
  /** The packet that has begun and not ended, if there is one. */
  unfinished: Unfinished | undefined
  /** Its place among the connections: of its address's share, and once it is accepted of its user's. */
  #place: Place
  #state: 'open' | 'closing' | 'gone' = 'open'
  #answers = 0

  constructor(context: MqttContext, transport: Transport, place: Place) {
    this.context = context
    this.#place = place
    this.transport = transport
    this.#incoming = new Incoming(this)
    this.outgoing = new Outgoing(this)
    this.heardAtMs = context.wheel.nowMs()
  }

  /** Begins to read. */
  start(): void {
    this.context.sessions.opened(this)
    this.reschedule()
    this.transport.start(this)
  }

  /** Whose connection it is, as far as proxies tell. */
  get remoteAddress(): string {
    return this.#place.remoteAddress
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether a packet is being worked on, so that those behind it wait. */
  get isBusy(): boolean {
    return this.#incoming.isBusy
  }

  /**
   * CONNECT was accepted. Another connection of the same user with the same client id is closed.
   *
   * @param place of its user's share
   */
  accept(client: MqttClient, answer: Welcome, place: Place): void {
    this.client = client
    this.#place.release()
    this.#place = place
    this.#forgetUnfinished()
    this.#takeOver(client)
    this.transport.admitted()
    this.heard()
    this.write(welcome(answer))
    this.reschedule()
  }

  /** Whoever had the client id so far is put out, at whatever process. */
  #takeOver(client: MqttClient): void {
    const { sessions, takeOvers, clientIds } = this.context
    const former = sessions.accepted(this, client.key)
    former?.close('taken_over')
    if (client.key === undefined) return
    if (former !== undefined) takeOvers.note('client id', client.key, userOf(client))
    clientIds?.accepted(this, client.key, userOf(client))
  }

  addLink(link: EndpointLink): void {
    // Exactly as long: what is spread has room for many more.
    this.links = this.links.concat(link)
  }

  removeLink(link: EndpointLink, reason: DisconnectReason): void {
    this.links = this.links.filter((other) => other !== link)
    this.outgoing.forget(link)
    link.detach(reason)
  }

  /** A whole packet came in. */
  heard(): void {
    this.heardAtMs = this.context.wheel.nowMs()
  }

  /** Sends one packet, unless the client said that it takes none so large [MQTT-3.1.2-24]. */
  write(packet: Buffer): void {
    if (!this.isOpen) return
    if (packet.length > (this.client?.packetBytesMax ?? packet.length)) this.close('packet_too_large')
    else this.#answer(frameOf(packet, this.transport.isWebSocket))
  }

  /** Has the connection looked at soon, since something changed that a deadline hangs on. */
  reschedule(): void {
    if (this.isOpen) this.context.wheel.schedule(this, this.context.wheel.nowMs())
  }

  /** Closes the connection, with a DISCONNECT where the client understands one. Idempotent. */
  close(reason: CloseReason): void {
    if (!this.isOpen) return
    const reasonCode = CLOSE_REASONS[reason]
    if (this.client?.version === 5 && reasonCode !== undefined)
      this.transport.write(frameOf(this.#goodbye(reason, reasonCode), this.transport.isWebSocket))
    this.#end(reason)
    this.context.wheel.schedule(this, this.context.wheel.nowMs() + LINGER_MS)
    if (reason === 'socket_stuck') this.transport.destroy()
    else this.transport.close()
  }

  /** Something went wrong with this connection. Nobody else is to notice, and no content is logged. */
  fail(error: unknown): void {
    const { log, metrics } = this.context
    const reason = error instanceof PacketError ? error.reason : 'internal_error'
    try {
      if (error instanceof PacketError) metrics.refused('mqtt', reason)
      else log.error('mqtt: a connection failed', { err: asError(error) })
      this.close(reason)
    } catch {
      // Nobody is left to tell; whoever called must go on serving others.
      this.transport.destroy()
    }
  }

  onData(chunk: Buffer): void {
    if (this.isOpen) this.#incoming.push(chunk)
  }

  /** So many bytes were read and belong to a packet that is not whole. */
  onKept(bytes: number): void {
    if (bytes > 0) this.onUnfinished(bytes)
    else this.#forgetUnfinished()
  }

  onUnfinished(bytes: number): void {
    if (!this.isOpen) return
    if (this.unfinished === undefined) {
      const nowMs = this.context.clock.monotonicMs()
      this.unfinished = new Unfinished(nowMs, this.context.ledger.unfinishedBytes, this.#place.holder)
      this.reschedule()
    }
    if (!this.unfinished.grow(bytes)) this.fail(new PacketError('quota_exceeded'))
  }

  #forgetUnfinished(): void {
    this.unfinished?.end()
    this.unfinished = undefined
  }

  onDrained(): void {
    if (this.isOpen) this.outgoing.onDrained()
  }

  onViolation(reason: CloseReason): void {
    if (this.isOpen) this.fail(new PacketError(reason))
  }

  onClosed(): void {
    if (this.isOpen) this.#end('connection_lost')
    this.#state = 'gone'
    this.context.wheel.remove(this)
    this.context.sessions.gone(this)
  }

  due(nowMs: number): number | undefined {
    if (this.isOpen) return this.#check(nowMs)
    if (this.#state === 'gone') return undefined
    this.transport.destroy()
    return nowMs + LINGER_MS
  }

  /** DISCONNECT, with a text where there is one and the client takes so much [MQTT-3.14.2-3]. */
  #goodbye(reason: CloseReason, reasonCode: number): Buffer {
    const full = disconnect(reasonCode, CLOSE_TEXTS[reason])
    return full.length > (this.client?.packetBytesMax ?? full.length) ? disconnect(reasonCode) : full
  }

  #answer(frame: Buffer): void {
    this.#answers = (this.#answers + 1) % ANSWERS_AT_ONCE_MAX
    if (this.#answers > 0) this.transport.write(frame)
    else this.#incoming.hold(new Promise((resolve) => this.transport.write(frame, () => resolve())))
  }

  #check(nowMs: number): number {
    try {
      const next = checkLiveness(this, nowMs)
      if (typeof next === 'number') return next
      this.close(next)
    } catch (error) {
      this.fail(error)
    }
    return nowMs + LINGER_MS
  }

  #end(reason: CloseReason): void {
    const { sessions, metrics, log } = this.context
    const { client, links } = this
    this.#state = 'closing'
    this.#place.release()
    this.#forgetUnfinished()
    this.#incoming.clear()
    this.outgoing.clear()
    this.links = NO_LINKS
    sessions.ended(this, client?.key, client !== undefined)
    metrics.linkClosed(reason)
    log.debug('mqtt: a connection ended', { reason })
    for (const link of links) this.#detach(link, disconnectReason(reason))
  }

  #detach(link: EndpointLink, reason: DisconnectReason): void {
    try {
      link.detach(reason)
    } catch (error) {
      this.context.log.error('mqtt: detaching an endpoint failed', { err: asError(error) })
    }
  }
}
