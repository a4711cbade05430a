import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'

/** Stands in front of a server, and adds pages under `/sdk-test/` to what comes from its origin. */
export type SdkFront = {
  readonly url: string
  readonly port: number
  /** From now on what asks for another protocol is refused, and what had it has ended; or it is let through again. */
  refuseUpgrades(refused: boolean): void
  close(): Promise<void>
}

/**
 * Starts a front on any free loopback port. A server that is down looks to browsers as it would without the front:
 * connections end without an answer.
 *
 * @param answer gives the page of that name, `undefined` where there is none
 */
export async function startSdkFront(
  targetPort: number,
  answer: (name: string, response: ServerResponse) => void,
): Promise<SdkFront> {
  const upgraded = new Set<Socket>()
  let refusesUpgrades = false
  const server = createServer((incoming, response) => {
    const [, name] = /^\/sdk-test\/([^?]*)/.exec(incoming.url ?? '') ?? []
    if (name === undefined) forward(incoming, response, targetPort)
    else answer(name, response)
  })
  server.on('upgrade', (incoming, near: Socket, head) => {
    if (refusesUpgrades) return void near.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
    const far = connect(targetPort, '127.0.0.1')
    far.write(Buffer.concat([Buffer.from(headOf(incoming)), head]))
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      upgraded.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        upgraded.delete(from)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    refuseUpgrades(refused) {
      refusesUpgrades = refused
      if (refused) for (const socket of upgraded) socket.destroy()
    },
    async close() {
      server.close()
      server.closeAllConnections()
      for (const socket of upgraded) socket.destroy()
      await once(server, 'close')
    },
  }
}

function forward(incoming: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url, headers } = incoming
  const onward = request({ port, host: '127.0.0.1', method, path: url, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders)
    answer.pipe(response)
  })
  onward.on('error', () => incoming.socket.destroy())
  response.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

/** The request's first lines, as they came. */
function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? `${name}: ${rawHeaders[index + 1]}` : [],
  )
  return `${[`${method} ${url} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`
}
