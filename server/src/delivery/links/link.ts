import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type { LinkPeer } from '../../store/store.ts'

/** Why a link is closed from inside; each front has its own words for it. */
export type LinkCloseReason =
  /** A newer link subscribed to the same endpoint. */
  | 'taken_over'
  | 'endpoint_expired'
  | 'endpoint_unregistered'
  /** The server is stopping. */
  | 'draining'

/** One event on its way to one endpoint. */
export type OutboundEvent = {
  readonly payload: Uint8Array
  readonly qos: 0 | 1
  /** Its place in the mailbox, for QoS 1: ascending, never used again, the same over every link of the registration. */
  readonly sequence?: number
  /**
   * For QoS 1: to be called once, when the device has acknowledged it, or, on a subscription granted at QoS 0, when the
   * socket has taken the bytes; or with `discarded`, when it never went out because the client does not take
   * its size. Never after the link was closed.
   */
  readonly acknowledged?: (how?: 'discarded') => void
}

/** Whether a link took an event. `too_large`: of QoS 0 only, its client takes none of that size. */
export type Taken = boolean | 'too_large'

/**
 * A live way to one endpoint, as delivery sees it: an MQTT subscription to its topic, or a stream of server-sent events. No
 * socket, so that a simulation can attach fakes. One connection subscribed to three endpoints is three links.
 */
export interface Link {
  /** The same for all links of one connection. Made when it is read. */
  readonly peer: LinkPeer
  /**
   * Takes one event, in order, or refuses it: a QoS 1 event when the connection's send quota is used up
   * (MQTT 5.0 §4.9) or its socket is congested, a QoS 0 event when its socket is congested. After refusing
   * a QoS 1 event it calls `Attachment.resume` once it has room again.
   */
  send(event: OutboundEvent): Taken
  /**
   * Whether it would take a QoS 1 event now. Where it would not, it calls `Attachment.resume` once it has room again, as if
   * it had refused one.
   */
  hasRoom(): boolean
  /**
   * Events sent over this link that were acknowledged by another way, by the names that it gave them. Absent: they come over
   * the link itself.
   *
   * @returns how many of them were in flight
   */
  acknowledge?(ids: readonly string[]): number
  /** Closes the whole connection. Idempotent; ends in `Attachment.detach`. */
  close(reason: LinkCloseReason): void
}

/** The other half: what a front tells delivery about an attached link. */
export interface Attachment {
  /**
   * Whether the store takes the link for the one that holds the registration. Where it does not, because the registration
   * has ended, or cannot say (it rejects as `unavailable`), the link is to be detached.
   */
  readonly attached: Promise<boolean>
  /** Begins sending what waits in the mailbox. Called once, after the device was told that it is subscribed. */
  start(): void
  /** There is room again after `send` refused. */
  resume(): void
  /**
   * The link is gone or unsubscribed. Unacknowledged events stay in the mailbox. Idempotent.
   *
   * @param reason for the feed; default `connection_lost`
   */
  detach(reason?: DisconnectReason): void
}
