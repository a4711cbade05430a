import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type { CloseReason } from '../reasons.ts'

/** What is told about an endpoint whose connection ended. What is not here is the client's fault. */
const REASONS: { readonly [reason in CloseReason]?: DisconnectReason } = {
  client_left: 'client_disconnected',
  connection_lost: 'connection_lost',
  socket_stuck: 'connection_stuck',
  unacknowledged: 'unacknowledged',
  internal_error: 'server_fault',
  authorization_lost: 'authorization_ended',
  draining: 'server_draining',
  keepalive_timeout: 'keepalive_timeout',
  taken_over: 'taken_over',
  endpoint_expired: 'endpoint_expired',
  endpoint_unregistered: 'endpoint_unregistered',
}

export function disconnectReason(reason: CloseReason): DisconnectReason {
  return REASONS[reason] ?? 'client_fault'
}
