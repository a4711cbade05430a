import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'

/** A name that the browser of such a test takes for this machine: pages from there are no secure context. */
const NAME = 'far.example'

/** What a browser has to be started with to find it. */
export const FAR_HOST_FLAGS = [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`]

/** A proxy in front of a server that is reached over plain http by another name than localhost, as on another machine. */
export type FarHost = { readonly url: string; close(): Promise<void> }

export async function startFarHost(targetUrl: string): Promise<FarHost> {
  const { host, hostname, port, origin } = new URL(targetUrl)
  const upgraded = new Set<Duplex>()
  const ask = ({ method, url, headers }: IncomingMessage) =>
    request({ hostname, port, method, path: url, headers: asAskedThere(headers, host, origin) })
  const server = createServer((incoming, answer) => {
    const outgoing = ask(incoming)
    outgoing.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    incoming.pipe(outgoing)
  })
  server.on('upgrade', (incoming: IncomingMessage, near: Duplex) => {
    const outgoing = ask(incoming)
    outgoing.on('upgrade', (response: IncomingMessage, far: Duplex) => {
      const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}`)
      near.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
      for (const [from, to] of [[near, far] as const, [far, near] as const]) {
        upgraded.add(from)
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
      }
    })
    outgoing.on('response', () => near.destroy())
    outgoing.on('error', () => near.destroy())
    outgoing.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://${NAME}:${ownPort}`,
    async close() {
      server.close()
      server.closeAllConnections()
      for (const socket of upgraded) socket.destroy()
    },
  }
}

function asAskedThere(headers: IncomingHttpHeaders, host: string, origin: string): IncomingHttpHeaders {
  return { ...headers, host, ...(headers.origin === undefined ? {} : { origin }) }
}
