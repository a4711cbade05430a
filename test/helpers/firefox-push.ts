import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/**
 * A push service as Firefox speaks to one (autopush): it keeps a WebSocket, over which it subscribes and gets what application
 * servers post to the addresses that it was given (RFC 8030). What is in a push only the browser can read.
 */
export class FirefoxPush {
  /** Pushes that came, by the path of the subscription. */
  readonly got: string[] = []
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const channelID = (request.url ?? '').slice(1)
    this.got.push(channelID)
    const data = Buffer.concat(chunks).toString('base64url')
    const headers = { encoding: request.headers['content-encoding'] }
    this.#send({ messageType: 'notification', channelID, version: randomUUID(), data, headers })
    response.writeHead(201).end()
  })
  readonly #sockets = new WebSocketServer({ server: this.#server })
  #browser: WebSocket | undefined

  constructor() {
    this.#sockets.on('connection', (socket) => {
      this.#browser = socket
      socket.on('message', (data) => this.#answer(JSON.parse(String(data))))
    })
  }

  /** Where application servers post. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** For the browser. */
  get socketUrl(): string {
    return `ws://127.0.0.1:${this.#port}/`
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #answer({
    messageType,
    channelID,
    uaid,
  }: {
    messageType?: string
    channelID?: string
    uaid?: string
  }): void {
    if (messageType === 'hello')
      this.#send({
        messageType,
        status: 200,
        uaid: uaid || randomUUID().replaceAll('-', ''),
        use_webpush: true,
      })
    else if (messageType === 'register')
      this.#send({ messageType, status: 200, channelID, pushEndpoint: `${this.url}/${channelID}` })
    else if (messageType === 'unregister') this.#send({ messageType, status: 200, channelID })
  }

  #send(message: object): void {
    this.#browser?.send(JSON.stringify(message))
  }
}
