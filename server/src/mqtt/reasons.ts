/**
 * Why a connection ends, with the reason code of the DISCONNECT that an MQTT 5 client is sent first
 * (MQTT 5.0 §3.14.2.1); none where the client is gone, or was told by CONNACK. MQTT 3.1.1 knows no such packet
 * from the server: there the connection just closes.
 */
export const CLOSE_REASONS = {
  client_left: undefined,
  connection_lost: undefined,
  connect_timeout: undefined,
  packet_timeout: 0x8d,
  connect_refused: undefined,
  socket_stuck: undefined,
  internal_error: 0x80,
  malformed_packet: 0x81,
  protocol_error: 0x82,
  authorization_lost: 0x87,
  publish_refused: 0x87,
  event_refused: 0x83,
  unacknowledged: 0x83,
  draining: 0x8b,
  keepalive_timeout: 0x8d,
  taken_over: 0x8e,
  topic_invalid: 0x90,
  topic_alias_invalid: 0x94,
  packet_too_large: 0x95,
  quota_exceeded: 0x97,
  take_over_refused: 0x97,
  endpoint_expired: 0x98,
  endpoint_unregistered: 0x98,
  retain_not_supported: 0x9a,
  qos_not_supported: 0x9b,
  subscription_ids_not_supported: 0xa1,
} as const satisfies Record<string, number | undefined>

/** What an MQTT 5 client is told besides, where the code alone says too little (MQTT 5.0 §3.14.2.2.3). */
export const CLOSE_TEXTS: { readonly [reason in CloseReason]?: string } = {
  take_over_refused:
    'Two connections take this endpoint over from each other again and again: the other one keeps it for 10 s.',
}

export type CloseReason = keyof typeof CLOSE_REASONS

/**
 * Why a CONNECT is refused: CONNACK return code of MQTT 3.1.1 (§3.2.2.3) and reason code of MQTT 5 (§3.2.2.2).
 *
 * In both, a password that is absent or cannot be a token is "bad user name or password", whose text speaks of
 * malformed data; a token that is refused, or a user name that is not the token's user, is "not authorized".
 */
export const CONNECT_REFUSALS = {
  unsupported_version: { returnCode: 1, reasonCode: 0x84 },
  client_id_invalid: { returnCode: 2, reasonCode: 0x85 },
  unavailable: { returnCode: 3, reasonCode: 0x88 },
  quota_exceeded: { returnCode: 3, reasonCode: 0x97 },
  take_over_refused: { returnCode: 3, reasonCode: 0x97 },
  bad_credentials: { returnCode: 4, reasonCode: 0x86 },
  unauthorized: { returnCode: 5, reasonCode: 0x87 },
  bad_authentication_method: { returnCode: 5, reasonCode: 0x8c },
} as const satisfies Record<string, { readonly returnCode: number; readonly reasonCode: number }>

/** The same for CONNACK (MQTT 5.0 §3.2.2.3.9). */
export const REFUSAL_TEXTS: { readonly [refusal in ConnectRefusal]?: string } = {
  take_over_refused:
    'Two connections take this client id over from each other again and again: the other one keeps it for 10 s.',
}

export type ConnectRefusal = keyof typeof CONNECT_REFUSALS

/** Bytes that break the protocol: the connection is closed for `reason`. Never carries what was received. */
export class PacketError extends Error {
  readonly reason: CloseReason

  constructor(reason: CloseReason) {
    super(reason)
    this.name = 'PacketError'
    this.reason = reason
  }
}
