import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A process of its own that gives each connection to the next one of several ports: a test that waits for another process
 * (`spawnSync`) would keep it waiting otherwise. Called with its port; tells which it has; is told the others'.
 */
let ports: readonly number[] = []
let next = 0

function pass(from: Socket): void {
  const to = connect(ports[next++ % ports.length] ?? 0, '127.0.0.1')
  for (const [socket, other] of [
    [from, to],
    [to, from],
  ] as const) {
    socket.on('error', () => other.destroy())
    socket.on('close', () => other.destroy())
  }
  from.pipe(to)
  to.pipe(from)
}

process.on('message', (message: { readonly ports: readonly number[] }) => {
  ports = message.ports
})
process.once('disconnect', () => process.exit())

const server = createServer(pass)
server.listen(Number(process.argv[2]), '127.0.0.1')
await once(server, 'listening')
process.send?.({ port: (server.address() as AddressInfo).port })
