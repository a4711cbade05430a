/**
 * The request bodies and answers of the published contract, under its own names. `null` equals absent for
 * every optional field; unknown fields are ignored.
 */

/** Body of `POST /rtc-api/users/endpoints` and `POST /rtc-api/users/endpoints/register`. */
export type RegisterUserEndpointWebCommand = {
  /** Empty, `null` or absent: the server makes one. */
  readonly userEndpointId?: string | null
  /** Seconds until the endpoint expires without a keepalive; 1 to 86,400 by default. */
  readonly keepAliveSeconds: number
  /** Default `false`. */
  readonly serverKeepAliveReminderOn?: boolean | null
  /** How to wake the device when an event comes and it has no connection. Absent: it is not woken. */
  readonly wakeUp?: WakeUpCommand | null
}

/** How a device is woken, and whether it is told more than the event's id and type. */
export type WakeUpCommand = (
  | {
      readonly kind: 'webPush'
      /** As a browser's `PushSubscription` is in JSON. */
      readonly subscription: {
        readonly endpoint: string
        readonly keys: { readonly p256dh: string; readonly auth: string }
      }
    }
  | {
      readonly kind: 'webhook'
      /** A webhook of the organization that wakes devices. */
      readonly webhookId: string
      /** What whoever is behind it knows the device by; 1 to 4,096 characters. */
      readonly token: string
    }
) & {
  /** `event`: the event itself, where it was sent without masks and fits. Default `id`. */
  readonly include?: 'id' | 'event' | null
}

/** Answer of `GET /rtc-api/wakeUps`. */
export type WakeUpWays = {
  /** What browsers subscribe to pushes with, base64url. `null`: this server sends none. */
  readonly vapidPublicKey: string | null
  /** Webhooks of the organization that wake devices. */
  readonly webhookIds: readonly string[]
}

/** Answer of `POST /rtc-api/users/endpoints/register`. */
export type RegisterResult = { readonly id: string }

/** Body of `POST /rtc-api/users/endpoints/keepalive`; answered 204. */
export type KeepUserEndpointAliveWebCommand = { readonly userEndpointId: string }

/** Body of `POST /rtc-api/users/endpoints/unregister`; answered 204. */
export type UnregisterUserEndpointWebCommand = {
  readonly userEndpointId: string
  readonly reason?: string | null
}

/** Body of `POST /rtc-api/users/endpoints/sendEvent`; the answer is the count of endpoints it was accepted for. */
export type SendEventToUserWebCommand = {
  readonly userId: string
  /** Read only from callers with role SERVICE, for whom it is required. */
  readonly organizationId?: string | null
  /** Absent: every endpoint of the user. */
  readonly userEndpointId?: string | null
  /** At least `type` and `timestamp`; see `event.ts`. */
  readonly event: { readonly [attribute: string]: unknown }
  /** Jayway JsonPath expressions; see `docs/masks.md`. */
  readonly masks?: readonly string[] | null
  /** 1: at least once. Anything else: best effort. Default 0. */
  readonly qos?: number | null
  /** The same as the header `Idempotency-Key`, for bulk requests and MQTT, which have none. The header wins. */
  readonly idempotencyKey?: string | null
}

/** Body of `POST /rtc-api/events/{eventId}/answer`; answered 204. Over MQTT with the `eventId` in it. */
export type AnswerEventWebCommand = {
  /** The endpoint of the caller's own that answers. */
  readonly userEndpointId: string
  /** Small data that goes with the answer: a JSON object of at most 4,096 bytes. */
  readonly answer?: { readonly [attribute: string]: unknown } | null
}

/** Body of `POST /rtc-api/users/endpoints/{userEndpointId}/events/acknowledge`. */
export type AcknowledgeEventsWebCommand = {
  /** 1 to 200 ids of messages, as the stream gave them. */
  readonly ids: readonly string[]
}

/** Its answer: how many of them were in flight over the endpoint's stream. */
export type Acknowledged = { readonly acknowledged: number }

/** Body of `POST /rtc-api/masks/preview`. */
export type MasksPreviewWebCommand = {
  /** Any JSON object of at most 65,536 bytes; it needs no `type` and no `timestamp` yet. */
  readonly event: { readonly [attribute: string]: unknown }
  /** As in sendEvent. */
  readonly masks?: readonly string[] | null
}

/** Its answer: the event as it would be stored. */
export type MasksPreview = { readonly event: { readonly [attribute: string]: unknown } }

/** One of the answers of `POST /rtc-api/users/endpoints/sendEvents`, and of an event published over MQTT. */
export type SendEventResult = { readonly count: number; readonly eventId: string }

/** One of the caller's own endpoints, as `GET /rtc-api/users/endpoints` lists them. */
export type UserEndpoint = {
  readonly id: string
  readonly keepAliveSeconds: number
  readonly serverKeepAliveReminderOn: boolean
  /** ISO-8601 instants. */
  readonly registeredAt: string
  readonly lastKeepAliveAt: string
  readonly expiresAt: string
  /** Whether a link is subscribed to its topic now. */
  readonly connected: boolean
  /** It said how to wake its device. Absent: it did not. */
  readonly canBeWoken?: boolean
}

/** One of a user's endpoints as backends see it: `GET /rtc-api/users/{userId}/endpoints`. */
export type UserEndpointInSight = UserEndpoint & {
  /** QoS 1 events that it has not acknowledged. */
  readonly mailboxDepth: number
  /** The connection that is subscribed to its topic; absent while it is not `connected`. */
  readonly link?: ConnectionInSight
}

/** A device's connection as backends see it. Client id and user agent are the device's own words: plain text. */
export type ConnectionInSight = {
  /** Empty where an MQTT 3.1.1 client gave none, and of an event stream; for MQTT 5 then the one that it was assigned. */
  readonly clientId: string
  /** `SSE`: an event stream. */
  readonly protocol: 'MQTT 3.1.1' | 'MQTT 5.0' | 'SSE'
  /** `websocket` with or without TLS; `tcp` and `tls` are the ports of plain MQTT; `http` has event streams. */
  readonly transport: 'websocket' | 'tcp' | 'tls' | 'http'
  /** `User-Agent` of the WebSocket handshake, or of the stream's request: at most 256 characters, without control characters. Absent without one. */
  readonly userAgent?: string
  /** ISO-8601 instant at which its CONNECT, or its stream, was accepted. */
  readonly connectedAt: string
  /** The name of the process that has it, for callers other than the user, where there may be several. */
  readonly node?: string
}

/** Body of `POST /rtc-api/users/presence`. */
export type UserPresenceWebCommand = {
  /** 1 to 1,000; one that is given twice is answered twice. */
  readonly userIds: readonly string[]
  /** Read only from callers with role SERVICE, for whom it is required. */
  readonly organizationId?: string | null
}

/** Answer of `POST /rtc-api/users/presence`: in the order asked. */
export type UserPresences = { readonly users: readonly UserPresence[] }

export type UserPresence = {
  readonly userId: string
  /** Live endpoints, and how many of them have a link. */
  readonly registered: number
  readonly connected: number
  /** When any endpoint of the user was registered or kept alive last; `null`: never, or more than 90 days ago. */
  readonly lastSeenAt: string | null
}

/** Answer of `POST /rtc-api/users/{userId}/erase`: how much was removed. */
export type UserErased = {
  readonly organizationId: string
  readonly userId: string
  readonly registrations: number
  /** Entries of its mailboxes. */
  readonly mailboxEvents: number
  /** Events that it was sent, or sent itself, in the history. */
  readonly events: number
  /** Events that could be answered. */
  readonly calls: number
  /** Replies to its idempotency keys. */
  readonly replies: number
  /** What no webhook was told yet, and dead letters. */
  readonly feedEntries: number
  readonly deadLetters: number
}

/** A page of `GET /rtc-api/users`, by id. It may have fewer users than asked for, or none, although more follow. */
export type UserPage = {
  readonly users: readonly UserPresence[]
  /** Gets the next page. Absent: there is none. */
  readonly nextCursor?: string
}

/** A page of `GET /rtc-api/organizations`, by id. */
export type OrganizationPage = {
  readonly organizations: readonly OrganizationInSight[]
  /** Gets the next page. Absent: there is none. */
  readonly nextCursor?: string
}

/** An organization as role SERVICE sees it. */
export type OrganizationInSight = {
  readonly id: string
  /** As the directory has it; `null`: it is not in there, and a foreign issuer speaks for it, or did. */
  readonly name: string | null
  /** Live registrations, and how many of them have a link. */
  readonly registrations: number
  readonly connected: number
  /** QoS 1 events that wait to be acknowledged, counted for each endpoint. */
  readonly mailboxEvents: number
  /** How many it has. */
  readonly webhooks: number
}

/** Body of `POST /rtc-api/users/{userId}/revoke`; may be left out. Answered 204. */
export type RevokeUserWebCommand = {
  /** Read only from callers with role SERVICE, for whom it is required, here or in the query. */
  readonly organizationId?: string | null
}

/** Answer of `GET /rtc-api/iceServers`. */
export type IceServers = {
  readonly iceServers: readonly {
    readonly urls: readonly string[]
    readonly username?: string
    readonly credential?: string
  }[]
}
