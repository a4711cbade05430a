/**
 * The bounds of the wire contract. Each is either fixed here or the default of a configuration key
 * (see `docs/configuration.md`); the name ends in its unit.
 */

/** Longest id of an endpoint, user, organization, client or event, and longest `Idempotency-Key`; characters. */
export const ID_CHARACTERS_MAX = 128

/** Shortest and, by default, longest `keepAliveSeconds`. */
export const KEEP_ALIVE_SECONDS_MIN = 1
export const KEEP_ALIVE_SECONDS_MAX = 86_400

/** Live endpoints of one user, by default. Past it a new registration is refused. */
export const ENDPOINTS_PER_USER_MAX = 100

/** Longest HTTP request body, bytes. Past it: 413. */
export const BODY_BYTES_MAX = 262_144

/** Longest body of a bulk request, bytes. Past it: 413. */
export const BULK_BYTES_MAX = 16_777_216

/** Events in a bulk request that is an array, and lines of one that is NDJSON. Past it: 400. */
export const BULK_ARRAY_ITEMS_MAX = 1_000
export const BULK_LINES_MAX = 10_000

/** Longest `event` value as the sender wrote it, bytes. Past it: 400 `event_too_large`. */
export const EVENT_BYTES_MAX = 65_536

/** Longest `event.type`; characters. */
export const EVENT_TYPE_CHARACTERS_MAX = 256

/** Deepest nesting of arrays and objects in a request body. Past it: 400. */
export const JSON_DEPTH_MAX = 100

/** Mailbox of one endpoint, by default: events and bytes that wait for an acknowledgement. */
export const MAILBOX_EVENTS_MAX = 1_000
export const MAILBOX_BYTES_MAX = 4_194_304

/** Shortest and longest `ttlSeconds` of an event. */
export const TTL_SECONDS_MIN = 1
export const TTL_SECONDS_MAX = 31_536_000

/** Longest `collapseKey`; characters. */
export const COLLAPSE_KEY_CHARACTERS_MAX = 128

/** Shortest and longest `Prefer: wait=` of sendEvent, seconds. */
export const WAIT_SECONDS_MIN = 1
export const WAIT_SECONDS_MAX = 30

/** Longest `answer` of an event as it was written, bytes. */
export const ANSWER_BYTES_MAX = 4_096

/** How long an event without a lifetime can be answered, milliseconds. */
export const ANSWERABLE_MS = 86_400_000

/** How long `Prefer: wait` waits for a connection where there is none, by default and at most, milliseconds. */
export const GRACE_MS = 500
export const GRACE_MS_MAX = 30_000

/** How long an `Idempotency-Key` is remembered, milliseconds. */
export const IDEMPOTENCY_TTL_MS = 600_000

/** How long a refresh token that was used gives its successor again, as long as that one was not used; milliseconds. */
export const REFRESH_REPEAT_MS = 60_000

/** QoS 1 events in flight on one link; fewer where the client's MQTT 5 Receive Maximum says so. */
export const IN_FLIGHT_MAX = 64

/** PUBLISH packets of one client under way at a time; more wait in its socket. CONNACK's Receive Maximum. */
export const RECEIVE_MAXIMUM = 64

/** Time a new connection has to send its CONNECT, milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000

/** Longest access token, by default; characters, which are bytes. */
export const TOKEN_BYTES_MAX = 16_384

/**
 * Largest MQTT packet accepted before and after CONNECT was accepted, bytes; the first is the longest access token and
 * 16,384 bytes for the rest.
 */
export const PACKET_BYTES_MAX_BEFORE_CONNECT = 32_768
export const PACKET_BYTES_MAX = 262_144

/** Bytes waiting in one socket past which QoS 0 events are dropped and QoS 1 events wait in the mailbox. */
export const SOCKET_BUFFER_BYTES_MAX = 1_048_576

/** Time from the first byte of an MQTT packet to its last, whatever the keepalive, milliseconds. */
export const PACKET_TIMEOUT_MS = 30_000

/** A socket that takes nothing for this long is closed, milliseconds. */
export const SOCKET_STUCK_MS = 30_000

/** An event stream is never silent for longer, milliseconds. */
export const STREAM_HEARTBEAT_MS = 15_000

/** Events acknowledged by one request. */
export const STREAM_ACKNOWLEDGED_MAX = 200

/** Longest URL of a push subscription, and longest token of a device that a webhook wakes; characters. */
export const WAKE_UP_URL_CHARACTERS_MAX = 2_048
export const WAKE_UP_TOKEN_CHARACTERS_MAX = 4_096

/** Topic levels accepted in SUBSCRIBE, UNSUBSCRIBE and PUBLISH. */
export const TOPIC_LEVELS_MAX = 100

/** Topic filters in one SUBSCRIBE or UNSUBSCRIBE packet, and subscriptions on one link. */
export const SUBSCRIPTIONS_MAX = 200

/** Masks of one sendEvent; characters of one; deepest level they reach. */
export const MASKS_MAX = 32
export const MASK_CHARACTERS_MAX = 512
export const MASK_DEPTH_MAX = 50

/** Longest `reason` of an unregister; characters. */
export const REASON_CHARACTERS_MAX = 256

/** Users in one `POST /rtc-api/users/presence`. */
export const PRESENCE_USERS_MAX = 1_000

/** Users, and organizations, on one page of their lists, at most and where the caller does not say. */
export const LIST_PAGE_MAX = 1_000
export const LIST_PAGE_DEFAULT = 100

/** Longest text that the history is searched for; characters. */
export const HISTORY_TEXT_CHARACTERS_MAX = 100

/** Events on one page of the history, at most and where the caller does not say. */
export const HISTORY_PAGE_MAX = 200
export const HISTORY_PAGE_DEFAULT = 50

/** Events in one request to a webhook, and its largest body, bytes. */
export const WEBHOOK_BATCH_EVENTS_MAX = 100
export const WEBHOOK_BATCH_BYTES_MAX = 262_144

/** Time that a webhook's receiver has to answer, milliseconds. */
export const WEBHOOK_TIMEOUT_MS = 10_000

/** Dead letters that are kept of one webhook, and on one page at most and where the caller does not say. */
export const DEAD_LETTERS_MAX = 10_000
export const DEAD_LETTERS_PAGE_MAX = 1_000
export const DEAD_LETTERS_PAGE_DEFAULT = 100
