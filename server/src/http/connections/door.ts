import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { RollcallError } from '@rollcall/protocol/error-code'
import { productVersion } from '../../observe/version.ts'
import { errorAnswer, JSON_TYPE } from '../answers/error-body.ts'
import { STRICT_TRANSPORT_SECONDS } from '../plugins/transport-security.ts'
import type { HttpServices } from '../services.ts'
import { CONNECTION_BOUNDS, type HttpSettings } from '../settings.ts'
import { closeServer, type OtherConnections } from './close-server.ts'
import { createNodeServer, listen } from './node-server.ts'
import { limitRequestTimes } from './request-times.ts'

/** No page of another origin has any business at the admin port. */
export const NOBODY = { patterns: [], isEverybody: false, has: () => false }

export type DoorServices = Pick<HttpServices, 'clock' | 'log'>

/**
 * A port that listens before anybody can be served: reading a large store takes seconds, and whoever asks meanwhile is
 * told so, instead of finding nobody there.
 */
export class Door {
  readonly server: Server
  readonly #settings: HttpSettings
  readonly #services: DoorServices
  readonly #times: ReturnType<typeof limitRequestTimes>
  #handler: RequestListener
  #app: RequestListener | undefined
  #url: Promise<string> | undefined
  #closed: Promise<void> | undefined

  constructor(settings: HttpSettings, services: DoorServices) {
    this.#settings = settings
    this.#services = services
    this.#handler = (request, response) => answerStarting(settings, request, response)
    this.server = createNodeServer((request, response) => this.#handler(request, response), settings)
    this.server.on('clientError', letGo)
    this.#times = limitRequestTimes(this.server, { ...CONNECTION_BOUNDS, ...settings.bounds }, services.clock)
  }

  /** Resolves with the base URL once connections are taken; the second time with the same. */
  listen(host: string, port: number): Promise<string> {
    this.#url ??= listen(this.server, host, port, { settings: this.#settings, services: this.#services })
    return this.#url
  }

  /** Who answers once the door is open, and from now on what is no HTTP. */
  leadTo(app: RequestListener): Server {
    this.server.off('clientError', letGo)
    this.#app = app
    return this.server
  }

  /** From now on requests are served. */
  open(): void {
    if (this.#app !== undefined) this.#handler = this.#app
  }

  /** Takes no more connections, and resolves once those there are have ended, or were cut after `graceMs`. Idempotent. */
  close(graceMs = 0, others?: OtherConnections): Promise<void> {
    const closing = () => closeServer(this.server, this.#services.clock, graceMs, others)
    this.#closed ??= closing().then(() => this.#times.close())
    return this.#closed
  }
}

/** The port for whoever runs the server. */
export function createAdminDoor(settings: HttpSettings, services: DoorServices): Door {
  return new Door({ ...settings, allowedOrigins: NOBODY }, services)
}

function letGo(_error: Error, socket: Socket): void {
  socket.destroy()
}

/** That the process lives is true from the start; everything else has to wait. */
function answerStarting(
  { isHostAllowed, tls }: HttpSettings,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { status, body } = startingAnswer(isHostAllowed?.(request.headers.host) === false ? '' : request.url)
  // Read over: a connection that is closed with something unread in it may lose the answer.
  request.resume().once('end', () => {
    response.writeHead(status, {
      'content-type': JSON_TYPE,
      'cache-control': 'no-store',
      connection: 'close',
      ...(status === 503 ? { 'retry-after': '1' } : {}),
      ...(tls === undefined ? {} : { 'strict-transport-security': `max-age=${STRICT_TRANSPORT_SECONDS}` }),
    })
    response.end(body)
  })
}

function startingAnswer(url: string | undefined): { readonly status: number; readonly body: string } {
  switch (url?.split('?', 1)[0]) {
    case '/health/live':
      return { status: 200, body: JSON.stringify({ status: 'live', version: productVersion() }) }
    case '/health/ready':
      return { status: 503, body: JSON.stringify({ status: 'unavailable', reason: 'starting' }) }
    default:
      return errorAnswer(new RollcallError('unavailable', 'The server is starting.'))
  }
}
