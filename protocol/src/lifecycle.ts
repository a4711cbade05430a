import { WEBHOOK_TEST_EVENT } from './webhook.ts'

/**
 * The events that say what became of endpoints and of events, as webhooks carry them, each with the closed list
 * of its reasons. A reason may be added; treat one that you do not know as no reason.
 */
export const LIFECYCLE_EVENTS = {
  /** A new registration, not a refresh. */
  UserEndpointRegisteredEvent: ['requested'],
  /** The endpoint's link is there. */
  UserEndpointConnectedEvent: ['subscribed'],
  UserEndpointDisconnectedEvent: [
    'unsubscribed',
    'client_disconnected',
    'connection_lost',
    'keepalive_timeout',
    'taken_over',
    'authorization_ended',
    'endpoint_expired',
    'endpoint_unregistered',
    /** The client broke the protocol or a limit. */
    'client_fault',
    /** The client's socket took nothing for too long. */
    'connection_stuck',
    /** The client had as many events as it may have and acknowledged none for too long. */
    'unacknowledged',
    'server_draining',
    /** The server stopped without a warning; sent when it is back. */
    'server_restarted',
    'server_fault',
  ],
  UserEndpointExpiredEvent: ['keepalive_missed'],
  UserEndpointUnregisteredEvent: [
    'requested',
    'kicked',
    'revoked',
    /** The user had as many endpoints as it may, and this one, without a link and silent longest, made room. */
    'evicted',
  ],
  /** An endpoint has acknowledged an event. */
  UserEventAcknowledgedEvent: ['acknowledged'],
  /** The lifetime of an event ended before an endpoint had acknowledged it. */
  UserEventExpiredEvent: ['lifetime_ended'],
  /** An endpoint was the first to answer an event. */
  UserEndpointEventAnsweredEvent: ['answered'],
  /** A user's sign-ins are held off: so many passwords were tried. */
  SignInLockedEvent: ['too_many_attempts'],
  /** Others that should stand in its place were dropped. Every webhook gets it, whatever it asked for. */
  FeedGapEvent: [
    /** More waited for the organization's webhooks than is kept. */
    'feed_full',
    /** The store could not take them. */
    'store_busy',
  ],
} as const satisfies Record<string, readonly string[]>

export type LifecycleEventType = keyof typeof LIFECYCLE_EVENTS
export type LifecycleReason<Type extends LifecycleEventType = LifecycleEventType> =
  (typeof LIFECYCLE_EVENTS)[Type][number]

export type DisconnectReason = LifecycleReason<'UserEndpointDisconnectedEvent'>
export type UnregisterReason = LifecycleReason<'UserEndpointUnregisteredEvent'>
/** What tells about an event instead of an endpoint. */
export type ReceiptType =
  | 'UserEventAcknowledgedEvent'
  | 'UserEventExpiredEvent'
  | 'UserEndpointEventAnsweredEvent'

/** Tells whether `value` is the type of one of the events above. */
export function isLifecycleEventType(value: unknown): value is LifecycleEventType {
  return typeof value === 'string' && Object.hasOwn(LIFECYCLE_EVENTS, value)
}

/** What the type of an event that somebody sends may be besides, for error messages. */
export const SENT_TYPE_RULE =
  'of your own: "UserEndpoint…Event" and what webhooks tell is for the server to send'

/**
 * Tells whether an event type is kept for the server: everything that begins with `UserEndpoint`, as the reminder and what
 * may come do, the types above, and that of a test of a webhook. Nobody sends one, so that whoever gets one knows whom it is from.
 */
export function isServerEventType(type: string): boolean {
  return type.startsWith('UserEndpoint') || isLifecycleEventType(type) || type === WEBHOOK_TEST_EVENT
}

/** One of these events as a webhook carries it. Times are ISO-8601 instants. */
export type LifecycleEvent = {
  /** The same however often it is sent. */
  readonly id: string
  readonly type: LifecycleEventType
  /** When it happened. */
  readonly timestamp: string
  readonly organizationId: string
  /** Absent with `FeedGapEvent`, which is about nobody. */
  readonly userId?: string
  /** Absent besides with `SignInLockedEvent`, which is about a user. */
  readonly userEndpointId?: string
  /** Ascends within one server: of two events about one endpoint the larger is the later. Has gaps. */
  readonly sequence: number
  readonly reason: LifecycleReason
  /** These three are absent with `SignInLockedEvent`, and where an endpoint answered that was not registered any more. */
  readonly registeredAt?: string
  readonly lastKeepAliveAt?: string
  readonly keepAliveSeconds?: number
  /** With `UserEndpointDisconnectedEvent`: since when it was connected, where that is known. */
  readonly connectedAt?: string
  /** With receipts: the id of the event. */
  readonly eventId?: string
  /** With `FeedGapEvent`: how many were dropped, and when the first and the last of them were made. */
  readonly dropped?: number
  readonly from?: string
  readonly to?: string
  /** With `UserEndpointEventAnsweredEvent`: what the endpoint said, masked like the event, if anything. */
  readonly answer?: { readonly [attribute: string]: unknown }
}
