import type { Principal } from '../auth/auth.ts'
import type { Registration } from '../store/store.ts'
import type { SendEventCommand } from './command.ts'
import type { Attachment, Link } from './link.ts'

export { parseSendEvent, type SendEventCommand } from './command.ts'
export type { Attachment, Link, LinkCloseReason, OutboundEvent } from './link.ts'

/** What a sender learns. */
export type SendResult = {
  /** Registered endpoints that the event was accepted for. */
  readonly count: number
  readonly eventId: string
}

/** Sends events to endpoints, now over their link or later from their mailbox. */
export interface Delivery {
  /**
   * Sends one event. QoS 1 resolves only once the event is durable for every endpoint counted.
   *
   * @param idempotencyKey 1 to 128 characters; see semantics in PROTOCOL.md
   * @throws RollcallError `organization_required`, `invalid_mask`, `mailbox_full`, `unavailable`
   */
  sendEvent(principal: Principal, command: SendEventCommand, idempotencyKey?: string): Promise<SendResult>
  /**
   * Makes `link` the endpoint's link; an older one is closed `taken_over`, unless it is of the same
   * connection, which must detach it first. Call only with a registration that is live now.
   */
  attach(registration: Registration, link: Link): Attachment
  /** Whether the registration has a link. */
  isConnected(registration: Registration): boolean
  /** Sends the keepalive reminder over the link, if there is one. QoS 0. */
  remind(registration: Registration): void
  /** The endpoint was registered anew: a link left over from its former registration is closed. */
  endpointRegistered(registration: Registration): void
  /** The registration has ended: its link is closed. */
  endpointGone(registration: Registration, how: 'expired' | 'unregistered'): void
}
