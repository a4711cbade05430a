/** What became of an event at one endpoint. `sent` is final at QoS 0; the last three always are. */
export const HISTORY_OUTCOMES = [
  'not_connected',
  'queued',
  'woken',
  'sent',
  'acknowledged',
  'expired',
  'discarded',
] as const

export type HistoryOutcome = (typeof HISTORY_OUTCOMES)[number]

/** Why an event was given up at an endpoint. One may be added: treat one that you do not know as no reason. */
export const DISCARD_REASONS = [
  /** No keepalive came in time: the registration ended, and what waited for it with it. */
  'registration_expired',
  /** The same, and the device had registered anew before its end was noticed. */
  'registered_anew',
  /** The device ended its registration. */
  'unregistered',
  /** An operator ended it. */
  'kicked',
  /** The user was revoked. */
  'revoked',
  /** The registration made room for a newer one of its user. */
  'evicted',
  /** The user was erased. */
  'erased',
  /** The mailbox had no room. */
  'mailbox_full',
  /** A newer event of the same collapse key took its place. */
  'collapsed',
  /** Another endpoint answered before this one was sent anything. */
  'answered_elsewhere',
  /** The same with an acknowledgement, of an event sent with `cancelOthers`. */
  'acknowledged_elsewhere',
  /** It is larger than the client takes. */
  'too_large',
  /** It was sealed with a key that the server does not have any more. */
  'unreadable',
  /** QoS 0: the connection took its data too slowly. */
  'congested',
] as const

export type DiscardReason = (typeof DISCARD_REASONS)[number]

/** One endpoint's part in an event's history. Instants in ISO-8601, those of the outcomes that there were. */
export type HistoryEndpoint = {
  readonly userEndpointId: string
  readonly outcome: HistoryOutcome
  readonly notConnectedAt?: string
  readonly queuedAt?: string
  /** When its device was asked to wake up. */
  readonly wokenAt?: string
  /** When it was first handed to a connection. */
  readonly sentAt?: string
  readonly acknowledgedAt?: string
  /** This endpoint was the first to answer. No outcome: whatever becomes of its copy may come later. */
  readonly answeredAt?: string
  readonly expiredAt?: string
  readonly discardedAt?: string
  /** Why it was discarded. Absent where it was not, and in records of former versions. */
  readonly discardReason?: DiscardReason
}

/** Who sent an event, as the sender's token said: a user may be called like a client. */
export type HistorySender = {
  /** `client`: client credentials, as backends have them. `service`: role SERVICE. */
  readonly kind: 'user' | 'client' | 'service'
  /** Its user id or client id. Absent where it is not for the reader to know. */
  readonly id?: string
}

/** An accepted event and what became of it: `GET /rtc-api/events/{id}`. */
export type HistoryRecord = {
  readonly id: string
  readonly organizationId: string
  /** The recipient. */
  readonly userId: string
  readonly qos: 0 | 1
  readonly acceptedAt: string
  /** Absent in records of former versions. */
  readonly sentBy?: HistorySender
  /** As it was sent, but masked. */
  readonly event: { readonly [attribute: string]: unknown }
  readonly endpoints: readonly HistoryEndpoint[]
  /** When it was answered, and by which of the endpoints. Absent: by nobody. */
  readonly answeredAt?: string
  readonly answeredBy?: string
  /** What that one said, masked like the event. Absent where it said nothing. */
  readonly answer?: { readonly [attribute: string]: unknown }
}

/** Answer of `GET /rtc-api/events`. */
export type HistoryPage = {
  /** Newest first. May be fewer than asked for, or none, although more follow. */
  readonly events: readonly HistoryRecord[]
  /** Absent at the end. */
  readonly nextCursor?: string
}
