import { CONNECT_TIMEOUT_MS, PACKET_TIMEOUT_MS, SOCKET_STUCK_MS } from '@rollcall/protocol/limits'
import type { CloseReason } from '../reasons.ts'
import { type Authorized, authorizedUntilWallMs, renewAuthorization } from './authorization.ts'
import type { MqttClient } from './client.ts'
import type { Connection } from './connection.ts'
import type { Outgoing } from './outgoing.ts'

const NEVER = Number.POSITIVE_INFINITY

/** A deadline: when it is, or that it is over. */
type Deadline = number | CloseReason

/** What a connection shows of how it is. */
export type Watched = Connection &
  Authorized & {
    /** When the last whole packet came, or, before that, when the connection was opened. */
    readonly heardAtMs: number
    /** Whether a packet is being worked on, so that those behind it wait. */
    readonly isBusy: boolean
    /** The packet that has begun and not ended, if there is one. */
    readonly unfinished: { readonly sinceMs: number } | undefined
    readonly outgoing: Pick<Outgoing, 'stuckSinceMs' | 'fullSinceMs'>
  }

/**
 * Looks whether a connection may live on. Called by the wheel, at the latest every 16 s. Revocations are told at
 * once (`review.ts`); that the token is looked at here as well is for what nobody tells.
 *
 * @returns when to look again, or why to close it
 */
export function checkLiveness(connection: Watched, nowMs: number): Deadline {
  const { client } = connection
  if (client === undefined) return connectDeadline(connection, nowMs)
  const deadlines = [
    silenceDeadline(connection, client, nowMs),
    packetDeadline(connection, nowMs),
    stuckDeadline(connection, nowMs),
    windowDeadline(connection, client, nowMs),
    authorizationDeadline(connection, client, nowMs),
  ]
  const over = deadlines.find((deadline) => typeof deadline === 'string')
  return over ?? Math.min(...deadlines.filter((deadline) => typeof deadline === 'number'))
}

function connectDeadline({ heardAtMs }: Watched, nowMs: number): Deadline {
  const deadlineMs = heardAtMs + CONNECT_TIMEOUT_MS
  return nowMs >= deadlineMs ? 'connect_timeout' : deadlineMs
}

/** Only whole packets count: a peer that lets bytes drip is silent. While one is worked on, the rest waits with us. */
function silenceDeadline(
  { heardAtMs, isBusy }: Watched,
  { silenceMsMax }: MqttClient,
  nowMs: number,
): Deadline {
  if (silenceMsMax === undefined || isBusy) return NEVER
  const deadlineMs = heardAtMs + silenceMsMax
  return nowMs >= deadlineMs ? 'keepalive_timeout' : deadlineMs
}

/** A packet that has begun must end, also where there is no keepalive: what came of it is kept meanwhile. */
function packetDeadline({ unfinished }: Watched, nowMs: number): Deadline {
  if (unfinished === undefined) return NEVER
  const deadlineMs = unfinished.sinceMs + PACKET_TIMEOUT_MS
  return nowMs >= deadlineMs ? 'packet_timeout' : deadlineMs
}

function stuckDeadline({ outgoing }: Watched, nowMs: number): Deadline {
  const stuckSinceMs = outgoing.stuckSinceMs(nowMs)
  if (stuckSinceMs === undefined) return NEVER
  const deadlineMs = stuckSinceMs + SOCKET_STUCK_MS
  return nowMs >= deadlineMs ? 'socket_stuck' : deadlineMs
}

/**
 * A client that has all the events it may have and acknowledges none gets no more, and nobody would ever know: it is
 * closed, and what waits comes again over its next connection.
 */
function windowDeadline({ outgoing, context }: Watched, client: MqttClient, nowMs: number): Deadline {
  const { log, settings } = context
  const fullSinceMs = outgoing.fullSinceMs(nowMs)
  if (fullSinceMs === undefined || settings.ackTimeoutSeconds === 0) return NEVER
  const deadlineMs = fullSinceMs + settings.ackTimeoutSeconds * 1000
  if (nowMs < deadlineMs) return deadlineMs
  const { organizationId, userId } = client.principal
  const { inFlightMax } = client
  log.warn('mqtt: a client acknowledges none of the events it has, and is closed', {
    organizationId,
    userId,
    inFlightMax,
  })
  return 'unacknowledged'
}

function authorizationDeadline(connection: Watched, client: MqttClient, nowMs: number): Deadline {
  const { auth, clock } = connection.context
  if (!auth.isStillGood(client.token)) return 'authorization_lost'
  const leftMs = authorizedUntilWallMs(client, connection.links) - clock.wallMs()
  if (leftMs > 0) return nowMs + leftMs
  renewAuthorization(connection, client)
  return NEVER
}
