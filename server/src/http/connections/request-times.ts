import type { IncomingMessage, Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { afterThisTurn, type Clock, HeardTime } from '../../clock/clock.ts'
import type { ConnectionBounds } from '../settings.ts'
import { HANDED_OVER } from './upgrade.ts'

/** As Node's own, which is off: the server's `clientError` listener answers it. */
const REQUEST_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT'
/** Turns of the event loop after which an idle connection has been read, if it said anything. */
const TURNS = 8

type Bounds = Pick<ConnectionBounds, 'headersTimeoutMs' | 'requestTimeoutMs' | 'checkIntervalMs'>

/** What is under way on one connection. */
type Connection = {
  /** The request whose headers came last, until it is complete. */
  request: IncomingMessage | undefined
  /** When the request began that is arriving now, or is waited for on a new connection. */
  sinceMs: number | undefined
  /** Bytes read by the time nothing was arriving. */
  bytesRead: number
}

/**
 * Lets go of peers that are slow with their headers or body, and of idle connections, on a time that passes only while
 * the process can hear: Node's own checks know no difference between a peer that is slow and a process that stood still,
 * and may come before what lies in the sockets was read. (docs/adr/0013-time-stands-still.md)
 */
export function limitRequestTimes(server: Server, bounds: Bounds, clock: Clock): Pick<HeardTime, 'close'> {
  const connections = new Map<Socket, Connection>()
  let stoodStillUntilMs = Number.NEGATIVE_INFINITY
  const time: HeardTime = new HeardTime(clock, {
    tickMs: Math.min(bounds.checkIntervalMs, 1_000),
    onStandstill: ({ toMs }) => (stoodStillUntilMs = toMs),
    onHeard: (heardMs) => check(server, connections, bounds, heardMs),
  })
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections.set(socket, { request: undefined, sinceMs: time.nowMs(), bytesRead: 0 })
    socket.once('close', () => connections.delete(socket))
  })
  server.prependListener('request', (request) => {
    const connection = connections.get(request.socket)
    if (connection === undefined) return
    // One after another between two looks: the second began only now.
    if (connection.request !== undefined) connection.sinceMs = undefined
    connection.request = request
    connection.sinceMs ??= time.nowMs()
  })
  server.on(HANDED_OVER, (socket: Socket) => connections.delete(socket))
  server.on('timeout', (socket: Socket) => endIdle(socket, () => time.nowMs() - stoodStillUntilMs))
  return time
}

function check(
  server: Server,
  connections: ReadonlyMap<Socket, Connection>,
  bounds: Bounds,
  heardMs: number,
): void {
  for (const [socket, connection] of connections) {
    note(connection, socket.bytesRead, heardMs)
    if (connection.sinceMs === undefined) continue
    const boundMs = connection.request === undefined ? bounds.headersTimeoutMs : bounds.requestTimeoutMs
    if (heardMs - connection.sinceMs < boundMs) continue
    connection.sinceMs = undefined
    server.emit('clientError', Object.assign(new Error('too slow'), { code: REQUEST_TIMEOUT }), socket)
  }
}

/** Nobody tells when a request begins: that bytes came which belong to none does. */
function note(connection: Connection, bytesRead: number, heardMs: number): void {
  if (connection.request?.complete === true) {
    connection.request = undefined
    connection.sinceMs = undefined
    connection.bytesRead = bytesRead
  } else if (connection.sinceMs === undefined && bytesRead > connection.bytesRead)
    connection.sinceMs = heardMs
}

/** Nothing moved for as long as a connection may be idle. It may have spoken meanwhile, or nobody listened. */
function endIdle(socket: Socket, sinceStandstillMs: () => number): void {
  const { bytesRead, timeout = 0 } = socket
  inTurns(TURNS, () => {
    if (socket.destroyed || socket.bytesRead !== bytesRead) return
    if (sinceStandstillMs() < timeout) socket.setTimeout(timeout)
    else socket.destroy()
  })
}

function inTurns(turns: number, run: () => void): void {
  afterThisTurn(() => (turns > 1 ? inTurns(turns - 1, run) : run()))
}
