import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { Place } from '../context.ts'

export type ListenersOptions = {
  /** A place for one more connection of the address; `undefined`: there is none now. */
  takePlace(remoteAddress: string): Place | undefined
  /** There was none. */
  onRefused(): void
  onSocket(socket: Socket, place: Place): void
  /** A port that listens could not take a connection. */
  onError(error: Error): void
}

/** The plain MQTT ports. */
export class Listeners {
  readonly #servers = new Set<Server>()
  readonly #options: ListenersOptions

  constructor(options: ListenersOptions) {
    this.#options = options
  }

  /** Listens. Rejects with the system's error, for example `EADDRINUSE`. */
  async listen(server: Server, host: string, port: number): Promise<void> {
    server.listen({ host, port })
    await once(server, 'listening')
    this.adopt(server)
  }

  /** The same with a server that listens already. */
  adopt(server: Server): void {
    const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
    server.on(event, (socket: Socket) => this.#admit(socket))
    // An error nobody listens to would end the process.
    server.on('error', (error) => this.#options.onError(error))
    this.#servers.add(server)
  }

  /** Takes no new connections. */
  stop(): void {
    for (const server of this.#servers) server.close()
    this.#servers.clear()
  }

  #admit(socket: Socket): void {
    const { takePlace, onRefused, onSocket } = this.#options
    const place = takePlace(socket.remoteAddress ?? '')
    if (place !== undefined) {
      onSocket(socket, place)
      return
    }
    onRefused()
    socket.on('error', () => {})
    socket.destroy()
  }
}
