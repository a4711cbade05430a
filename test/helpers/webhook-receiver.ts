import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { LifecycleEvent } from '@rollcall/protocol/lifecycle'

/** What a receiver got, in order, also what it did not take. */
export type Delivery = {
  readonly id: string
  readonly events: readonly LifecycleEvent[]
  readonly isGenuine: boolean
}

/** A webhook's receiver on loopback that answers as the test says. */
export class WebhookReceiver {
  readonly secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
  readonly got: Delivery[] = []
  /** What it took: answered 204. */
  readonly taken: LifecycleEvent[] = []
  /** How it answers instead of taking a message; `undefined`: it takes it. */
  behave: ((response: ServerResponse) => void) | undefined
  port = 0
  readonly #host: string
  /** Told of each event as it comes, whether it is taken or not. */
  onEvent: (event: LifecycleEvent) => void = () => undefined
  #sockets = new Set<Socket>()
  #server = this.#create()

  /** @param host the address that it listens on */
  constructor(host = '127.0.0.1') {
    this.#host = host
  }

  get url(): string {
    return `http://${this.#host}:${this.port}/hooks`
  }

  /** Listens, later again on the same port. */
  async start(): Promise<void> {
    this.#server = this.#create()
    this.#server.listen(this.port, this.#host)
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  #create() {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const body = Buffer.concat(chunks).toString()
      const {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signature,
      } = request.headers
      const signed = createHmac('sha256', Buffer.alloc(32, 9)).update(`${id}.${timestamp}.${body}`)
      const isGenuine = signature === `v1,${signed.digest('base64')}`
      const { events } = JSON.parse(body)
      for (const event of events) this.onEvent(event)
      this.got.push({ id: String(id), events, isGenuine })
      if (this.behave !== undefined) return this.behave(response)
      this.taken.push(...events)
      response.writeHead(204).end()
    })
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    return server
  }
}
