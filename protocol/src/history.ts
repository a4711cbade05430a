/** What became of an event at one endpoint. `sent` is final at QoS 0; the last three always are. */
export type HistoryOutcome = 'not_connected' | 'queued' | 'sent' | 'acknowledged' | 'expired' | 'discarded'

/** One endpoint's part in an event's history. Instants in ISO-8601, those of the outcomes that there were. */
export type HistoryEndpoint = {
  readonly userEndpointId: string
  readonly outcome: HistoryOutcome
  readonly notConnectedAt?: string
  readonly queuedAt?: string
  /** When it was first handed to a connection. */
  readonly sentAt?: string
  readonly acknowledgedAt?: string
  /** This endpoint was the first to answer. No outcome: whatever becomes of its copy may come later. */
  readonly answeredAt?: string
  readonly expiredAt?: string
  readonly discardedAt?: string
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
