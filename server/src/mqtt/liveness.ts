import { CONNECT_TIMEOUT_MS, PACKET_TIMEOUT_MS, SOCKET_STUCK_MS } from '@rollcall/protocol/limits'
import { authorizedUntilWallMs, renewAuthorization } from './authorization.ts'
import type { Client } from './client.ts'
import type { CloseReason } from './reasons.ts'
import type { Session } from './session.ts'

const NEVER = Number.POSITIVE_INFINITY

/** A deadline: when it is, or that it is over. */
type Deadline = number | CloseReason

/**
 * Looks whether a connection may live on. Called by the wheel, at the latest every 16 s. Revocations are told at
 * once (`review.ts`); that the token is looked at here as well is for what nobody tells.
 *
 * @returns when to look again, or why to close it
 */
export function checkLiveness(session: Session, nowMs: number): Deadline {
  const { client } = session
  if (client === undefined) return connectDeadline(session, nowMs)
  const deadlines = [
    silenceDeadline(session, client, nowMs),
    packetDeadline(session, nowMs),
    stuckDeadline(session, nowMs),
    windowDeadline(session, client, nowMs),
    authorizationDeadline(session, client, nowMs),
  ]
  const over = deadlines.find((deadline) => typeof deadline === 'string')
  return over ?? Math.min(...deadlines.filter((deadline) => typeof deadline === 'number'))
}

function connectDeadline({ heardAtMs }: Session, nowMs: number): Deadline {
  const deadlineMs = heardAtMs + CONNECT_TIMEOUT_MS
  return nowMs >= deadlineMs ? 'connect_timeout' : deadlineMs
}

/** Only whole packets count: a peer that lets bytes drip is silent. While one is worked on, the rest waits with us. */
function silenceDeadline({ heardAtMs, isBusy }: Session, { silenceMsMax }: Client, nowMs: number): Deadline {
  if (silenceMsMax === undefined || isBusy) return NEVER
  const deadlineMs = heardAtMs + silenceMsMax
  return nowMs >= deadlineMs ? 'keepalive_timeout' : deadlineMs
}

/** A packet that has begun must end, also where there is no keepalive: what came of it is kept meanwhile. */
function packetDeadline({ unfinished }: Session, nowMs: number): Deadline {
  if (unfinished === undefined) return NEVER
  const deadlineMs = unfinished.sinceMs + PACKET_TIMEOUT_MS
  return nowMs >= deadlineMs ? 'packet_timeout' : deadlineMs
}

function stuckDeadline(session: Session, nowMs: number): Deadline {
  const { transport } = session
  if (transport.bufferedBytes() === 0) session.stuckSinceMs = undefined
  else if (session.stuckSinceMs === undefined || transport.takenBytes() > session.takenBytes) {
    session.stuckSinceMs = nowMs
    session.takenBytes = transport.takenBytes()
  }
  if (session.stuckSinceMs === undefined) return NEVER
  const deadlineMs = session.stuckSinceMs + SOCKET_STUCK_MS
  return nowMs >= deadlineMs ? 'socket_stuck' : deadlineMs
}

/**
 * A client that has all the events it may have and acknowledges none gets no more, and nobody would ever know: it is
 * closed, and what waits comes again over its next connection.
 */
function windowDeadline({ outgoing, context }: Session, client: Client, nowMs: number): Deadline {
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

function authorizationDeadline(session: Session, client: Client, nowMs: number): Deadline {
  const { auth, clock } = session.context
  if (!auth.isStillGood(client.token)) return 'authorization_lost'
  const leftMs = authorizedUntilWallMs(client, session.links) - clock.wallMs()
  if (leftMs > 0) return nowMs + leftMs
  renewAuthorization(session, client)
  return NEVER
}
