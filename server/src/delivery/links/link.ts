import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type { LinkPeer } from '../../store/store.ts'

/** Why a link is closed from inside; `mqtt` maps it to a reason code. */
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
  /**
   * For QoS 1: to be called once, when PUBACK arrived, or, on a subscription granted at QoS 0, when the
   * socket has taken the bytes; or with `discarded`, when it never went out because the client does not take
   * its size. Never after the link was closed.
   */
  readonly acknowledged?: (how?: 'discarded') => void
}

/**
 * A live MQTT subscription to one endpoint's topic, as delivery sees it: no socket, so that a simulation can
 * attach fakes. One connection subscribed to three endpoints is three links.
 */
export interface Link {
  /** The same for all links of one connection. Made when it is read. */
  readonly peer: LinkPeer
  /**
   * Takes one event, in order, or refuses it: a QoS 1 event when the connection's send quota is used up
   * (MQTT 5.0 §4.9) or its socket is congested, a QoS 0 event when its socket is congested. After refusing
   * a QoS 1 event it calls `Attachment.resume` once it has room again.
   */
  send(event: OutboundEvent): boolean
  /**
   * Whether it would take a QoS 1 event now. Where it would not, it calls `Attachment.resume` once it has room again, as if
   * it had refused one.
   */
  hasRoom(): boolean
  /** Closes the whole connection. Idempotent; ends in `Attachment.detach`. */
  close(reason: LinkCloseReason): void
}

/** The other half: what `mqtt` tells delivery about an attached link. */
export interface Attachment {
  /** Begins sending what waits in the mailbox. Called once, after SUBACK was written. */
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
