import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'

/** Remembers which page asked last on a connection: what the parser refuses later comes without its headers. */
export class SocketOrigins {
  readonly #origins = new WeakMap<Socket, string>()

  of(socket: Socket): string | undefined {
    return this.#origins.get(socket)
  }

  watch(listener: RequestListener): RequestListener {
    return (request, response) => {
      const { origin } = request.headers
      if (origin !== undefined) this.#origins.set(request.socket, origin)
      listener(request, response)
    }
  }
}
