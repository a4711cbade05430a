import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { afterThisTurn, type Timer } from '../../clock/clock.ts'
import {
  errorAnswer,
  eventHeaders,
  limitHeaders,
  refusalHeaders,
  toRollcallError,
} from '../answers/error-body.ts'
import type { AnswerGate } from '../connections/answer-gate.ts'
import { type IsTrusted, toldAddress, trustedProxies } from '../connections/client-address.ts'
import { HANDED_OVER, type UpgradeHandler } from '../connections/upgrade.ts'
import { logUnexpected } from '../plugins/errors.ts'
import { CONNECTION_BOUNDS, type HttpSettings } from '../settings.ts'
import { type FoundHandshake, findHandshake } from './handshake-head.ts'
import { type LaneAnswer, LaneAnswers, linesOf } from './lane-answers.ts'
import { LaneConnection, type LaneContext } from './lane-connection.ts'
import { type Asked, LaneOperations, type LaneServices } from './lane-operations.ts'
import type { LaneHead } from './request-head.ts'

/** Connections that are handed over in one turn of the event loop: each has a request that takes the long way. */
const HANDED_OVER_MAX = 16
/** One that brings much counts as all of them. */
const LARGE = HANDED_OVER_MAX
/** How often connections are looked at that have not said all they have to say, milliseconds. */
const LOOK_EVERY_MS = 1_000

/** Whether a front may have one: what it does not know how to do is for the other way alone. */
export function mayHaveFastLane({
  fastLane,
  tls,
  logRequests,
}: Pick<HttpSettings, 'fastLane' | 'tls' | 'logRequests'>): boolean {
  return fastLane !== false && tls === undefined && !logRequests
}

/**
 * A lane past Node's HTTP server and the framework for the few requests that come by the thousand: it reads only what
 * it knows to the letter, and answers that as they would, byte for byte. With anything else, at any point, it hands the
 * connection over to them as it was, and has no more to do with it. (docs/adr/0042-a-fast-lane.md)
 */
export class FastLane {
  readonly #connections = new Set<LaneConnection>()
  readonly #server: Server
  readonly #services: LaneServices
  readonly #operations: LaneOperations
  readonly #isHostAllowed: NonNullable<HttpSettings['isHostAllowed']>
  readonly #isTrusted: IsTrusted
  readonly #requestId: (given: string | undefined) => string
  readonly #context: LaneContext
  /** At most one for each connection. */
  readonly #waiting: { readonly weight: number; run(): void }[] = []
  /** In this turn. */
  #handedOver = 0
  #timer: Timer | undefined
  /** What Node's server does with a new connection. */
  #takers: readonly ((socket: Socket) => void)[] = []
  #takeOver: UpgradeHandler | undefined
  #isDraining = false

  constructor(
    server: Server,
    services: LaneServices,
    settings: HttpSettings,
    {
      gate,
      requestId,
    }: { readonly gate: AnswerGate; readonly requestId: (given: string | undefined) => string },
  ) {
    const bounds = { ...CONNECTION_BOUNDS, ...settings.bounds }
    const answers = new LaneAnswers(services.clock, settings.allowedOrigins, settings.httpIdleSeconds)
    this.#server = server
    this.#services = services
    this.#operations = new LaneOperations(services, settings.keepAliveSecondsMax, (head) => this.#asked(head))
    this.#isHostAllowed = settings.isHostAllowed ?? (() => true)
    this.#isTrusted = trustedProxies(settings.trustedProxies)
    this.#requestId = requestId
    this.#context = {
      begin: (head, body) => this.#begin(head, body),
      refusal: (thrown, head) => this.#refusal(thrown, head),
      answerThen: (connection) => gate.answerThen(connection),
      hold: (head, bytes) => this.#operations.hold(head, bytes),
      isKnown: ({ token }) => this.#operations.isKnown(token),
      check: (head, socket) => this.#check(head, socket),
      textOf: (answer, isLast) => answers.text(answer, isLast),
      isDraining: () => this.#isDraining,
      handOver: (connection, bytes) => this.#handOver(connection, bytes),
      mayHandOver: () => this.#mayHandOver(),
      inTurn: (run, isLarge) => this.#runInTurn({ run, weight: isLarge ? LARGE : 1 }),
      forget: (connection) => void this.#connections.delete(connection),
      onIdle: (socket) => void server.emit('timeout', socket),
      onCutShort: (socket) => void server.emit('clientError', cutShort(), socket),
      idleMs: settings.httpIdleSeconds * 1_000,
      stuckMs: bounds.idleTimeoutMs,
    }
  }

  /** WebSockets go from here to `takeOver`, without a look at Node's server. To be called before `open`. */
  onWebSocket(takeOver: UpgradeHandler): void {
    this.#takeOver = takeOver
  }

  /** From now on new connections of the server come here first. To be called once. */
  open(): void {
    // What listens is a function of one socket: the event has no other argument.
    this.#takers = this.#server.listeners('connection').map((listener) => {
      return (socket) => void Reflect.apply(listener, this.#server, [socket])
    })
    this.#server.removeAllListeners('connection')
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(new LaneConnection(socket, this.#context))
    })
    this.#timer = this.#services.clock.every(LOOK_EVERY_MS, () => {
      for (const connection of this.#connections) connection.look()
    })
  }

  /** Each answer is the last of its connection from now on, and new requests take the other way. */
  drain(): void {
    this.#isDraining = true
    this.closeIdle()
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.socket.destroy()
  }

  closeAll(): void {
    this.#timer?.cancel()
    for (const connection of this.#connections) connection.socket.destroy()
  }

  #begin(head: LaneHead, body: Buffer): Promise<LaneAnswer> | undefined {
    if (!this.#mayServe(head)) return undefined
    return this.#operations.begin(head, body)
  }

  #check({ token, host, forwardedFor }: LaneHead, socket: Socket): Promise<unknown> | undefined {
    if (!this.#mayServe({ host })) return undefined
    const told = { headers: { 'x-forwarded-for': forwardedFor }, socket }
    return this.#operations.check(token, () => toldAddress(told, this.#isTrusted))
  }

  #mayServe({ host }: Pick<LaneHead, 'host'>): boolean {
    return !this.#isDraining && this.#isHostAllowed(host)
  }

  /** It has a number only where somebody asks for it. */
  #asked({ operation, requestId }: LaneHead): Asked {
    const numberOf = this.#requestId
    return {
      get id() {
        return numberOf(requestId)
      },
      routeOptions: { url: operation },
    }
  }

  #refusal(thrown: unknown, { operation, requestId }: LaneHead): LaneAnswer {
    const id = this.#requestId(requestId)
    const { error, isUnexpected } = toRollcallError(thrown)
    const answer = errorAnswer(error)
    const { log, metrics } = this.#services
    if (isUnexpected) logUnexpected(log, thrown, { id, routeOptions: { url: operation } })
    metrics.refused('http', answer.code)
    const headers = { ...limitHeaders(thrown), ...eventHeaders(error), ...refusalHeaders(answer, id) }
    const lines = `${linesOf(headers)}content-length: ${Buffer.byteLength(answer.body)}\r\n`
    return { status: answer.status, lines, body: answer.body, isAscii: false }
  }

  /** So that whoever is served already goes before a crowd of newcomers. */
  #mayHandOver(): boolean {
    if (this.#handedOver === 0 && this.#waiting.length === 0) afterThisTurn(this.#takeTurn)
    return ++this.#handedOver <= HANDED_OVER_MAX
  }

  #runInTurn(one: { readonly weight: number; run(): void }): void {
    this.#waiting.push(one)
    if (this.#waiting.length === 1 && this.#handedOver === 0) afterThisTurn(this.#takeTurn)
  }

  readonly #takeTurn = (): void => {
    let left = HANDED_OVER_MAX
    while ((this.#waiting[0]?.weight ?? left + 1) <= left) {
      const next = this.#waiting.shift()
      left -= next?.weight ?? 0
      next?.run()
    }
    this.#handedOver = HANDED_OVER_MAX - left
    if (this.#waiting.length > 0 || this.#handedOver > 0) afterThisTurn(this.#takeTurn)
  }

  /** As if it had come just now, with what was read of it before all else. */
  #handOver(connection: LaneConnection, bytes: Buffer | undefined): void {
    const { socket } = connection
    this.#connections.delete(connection)
    connection.release()
    const found = this.#takeOver && bytes && findHandshake(bytes)
    if (found !== undefined) {
      this.#upgrade(socket, found)
      return
    }
    for (const take of this.#takers) take(socket)
    if (bytes !== undefined) socket.unshift(bytes)
    socket.resume()
  }

  #upgrade(socket: Socket, { handshake, rest }: FoundHandshake): void {
    // As Node's server leaves it: whoever listens next sets it going.
    Object.assign(socket, { readableFlowing: null })
    this.#server.emit(HANDED_OVER, socket)
    const told = { headers: handshake.headers, socket }
    this.#takeOver?.(handshake, socket, rest, toldAddress(told, this.#isTrusted))
  }
}

/** As Node's parser says it. */
function cutShort(): Error {
  return Object.assign(new Error('the peer ended within a request'), { code: 'HPE_INVALID_EOF_STATE' })
}
