import type { Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { PACKET_BYTES_MAX_BEFORE_CONNECT, TOKEN_BYTES_MAX } from '@rollcall/protocol/limits'
import type { IsConcerned } from '../auth/auth.ts'
import { onceAMinute } from '../clock/clock.ts'
import { TakeOvers } from '../delivery/delivery.ts'
import { strangerAt } from '../limits/limits.ts'
import type { MqttContext, MqttOptions, Place } from './context.ts'
import { ClientIds } from './session/client-ids.ts'
import { drainSessions } from './session/drain.ts'
import { reviewSessions } from './session/review.ts'
import { Session } from './session/session.ts'
import { Sessions } from './session/sessions.ts'
import { Wheel } from './session/wheel.ts'
import { Listeners } from './transport/listeners.ts'
import { RefusedHandshakes } from './transport/refused-handshakes.ts'
import { TcpTransport } from './transport/tcp.ts'
import type { Transport } from './transport/transport.ts'
import { TurnEnd } from './transport/turn-end.ts'
import { createUpgrade, type Handshake } from './transport/upgrade.ts'
import { WebSocketTransport } from './transport/websocket.ts'

export type { MqttOptions, MqttSettings } from './context.ts'
export type { OnTaken, Transport, TransportListener } from './transport/transport.ts'

/** Room in a CONNECT for what is not the token: ids, a will, properties; bytes. */
const CONNECT_BYTES_BESIDES_TOKEN = PACKET_BYTES_MAX_BEFORE_CONNECT - TOKEN_BYTES_MAX

/** Links over MQTT 3.1.1 and 5: over WebSocket on the HTTP server's port, and over TCP and TLS on their own. */
export interface Mqtt {
  /**
   * For the `upgrade` event of an HTTP server, whose socket it takes over: `/ws` becomes a connection; any
   * other path, and a page of a foreign origin, is answered as the API answers refusals, and closed.
   *
   * @param remoteAddress whose connection it is, where proxies are in between
   */
  handleUpgrade(request: Handshake, socket: Duplex, head: Buffer, remoteAddress: string): void
  /**
   * Listens with a server made by the caller, who may renew a TLS server's certificate
   * (`setSecureContext`) and should bound its `handshakeTimeout`. It is closed by `drain` and `close`.
   *
   * Rejects with the system's error, for example `EADDRINUSE`.
   */
  listen(server: Server, host: string, port: number): Promise<void>
  /** The same with a server that listens already. */
  adopt(server: Server): void
  /**
   * A connection over whatever carries its bytes. False: there is no place for it, and nothing of it was begun.
   *
   * @param remoteAddress whose connection it is
   */
  serve(transport: Transport, remoteAddress: string): boolean
  /** Connections whose CONNECT was accepted. */
  linkCount(): number
  /**
   * Looks again at the tokens of the connections whose principal is concerned: those whose token is not good
   * any more are closed, MQTT 5 clients with DISCONNECT 0x87. Resolves once all were told.
   */
  review(isConcerned: IsConcerned): Promise<void>
  /**
   * Takes no new connections and closes those there are evenly over `seconds`; MQTT 5 clients are told
   * DISCONNECT 0x8B first. Resolves when all sockets are gone, or a second after the last was told: there are dead ones.
   */
  drain(seconds: number): Promise<void>
  /** Closes everything at once. Resolves when no socket is left. Idempotent. */
  close(): Promise<void>
}

/** Time that the last ones told have to take what was written and to go, milliseconds. */
const LINGER_MS = 1_000

export function createMqtt(options: MqttOptions): Mqtt {
  const { clock, log, metrics, settings } = options
  const context = createContext(options)
  const { sessions, turnEnd } = context
  let isStopped = false
  const mayTell = onceAMinute(clock)
  const takePlace = (remoteAddress: string): Place | undefined =>
    isStopped ? undefined : placeFor(context, remoteAddress)
  const begin = (transport: Transport, place: Place): void => new Session(context, transport, place).start()
  const refusals = new RefusedHandshakes(clock, log)
  const upgrade = createUpgrade({
    ...settings,
    takePlace,
    onRefused(code, why, request) {
      metrics.refused('mqtt', code)
      refusals.note(why, request)
    },
    onWebSocket: (socket, userAgent, place) =>
      begin(new WebSocketTransport(socket, userAgent, context), place),
  })
  const listeners = new Listeners({
    takePlace,
    onRefused() {
      metrics.refused('mqtt', 'unavailable')
      refusals.note('no_room_tcp')
    },
    onError(error) {
      if (mayTell('accept')) log.error('mqtt: a port could not take a connection', { err: error })
    },
    onSocket: (socket, place) => begin(new TcpTransport(socket, turnEnd), place),
  })
  const stop = (): void => {
    isStopped = true
    listeners.stop()
  }
  return {
    handleUpgrade: upgrade,
    listen: (server, host, port) => listeners.listen(server, host, port),
    adopt: (server) => listeners.adopt(server),
    serve(transport, remoteAddress) {
      const place = takePlace(remoteAddress)
      if (place !== undefined) begin(transport, place)
      return place !== undefined
    },
    linkCount: () => sessions.connected,
    review: (isConcerned) => reviewSessions(context, isConcerned),
    async drain(seconds) {
      stop()
      await drainSessions([...sessions.all], seconds, clock)
      await sessions.emptyWithin(LINGER_MS, clock)
    },
    async close() {
      stop()
      context.clientIds?.close()
      await sessions.close()
      context.wheel.close()
    },
  }
}

function createContext(options: MqttOptions): MqttContext {
  const { clock, settings } = options
  const connectBytesMax = settings.tokenBytesMax + CONNECT_BYTES_BESIDES_TOKEN
  const sessions = new Sessions()
  const takeOvers = options.takeOvers ?? new TakeOvers(clock, options.log)
  const { cluster } = options
  const hasOthers = cluster?.nodes.isAlone === false
  return {
    ...options,
    sessions,
    clientIds: hasOthers ? new ClientIds({ cluster, sessions, takeOvers, clock }) : undefined,
    wheel: new Wheel(clock),
    turnEnd: new TurnEnd(),
    takeOvers,
    connectBytesMax,
  }
}

/** A place for a connection that has said nothing yet, of its address's share; `undefined`: there is none. */
function placeFor({ sessions, settings, ledger }: MqttContext, remoteAddress: string): Place | undefined {
  const { linksMax, pendingLinksMax } = settings
  if (sessions.connected >= linksMax) return undefined
  // This bounds those that are being closed and linger.
  if (sessions.all.size >= linksMax + pendingLinksMax) return undefined
  const holder = strangerAt(remoteAddress)
  const release = ledger.pendingLinks.take(holder)
  return release && { holder, remoteAddress, release }
}
