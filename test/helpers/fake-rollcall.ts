import type { WebSocketLike } from '@rollcall/client/client'

type Listener = (event: object) => void

/** The server's end of a WebSocket that never leaves the process; speaks just enough MQTT 5. */
class FakeSocket implements WebSocketLike {
  binaryType = ''
  readonly sent: Uint8Array[] = []
  isClosed = false
  readonly #listeners = new Map<string, Listener[]>()

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  send(data: ArrayBuffer): void {
    this.sent.push(new Uint8Array(data))
  }

  close(): void {
    this.isClosed = true
  }

  emit(type: string, event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event)
  }

  receive(...bytes: readonly number[]): void {
    this.emit('message', { data: Uint8Array.from(bytes).buffer })
  }

  /** An event to the topic `t`. */
  publish(event: object, packetId?: number): void {
    const payload = new TextEncoder().encode(JSON.stringify(event))
    const head = [0, 1, 0x74, ...(packetId === undefined ? [] : [packetId >> 8, packetId & 0xff]), 0]
    const length = head.length + payload.length
    const size = length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
    this.receive(packetId === undefined ? 0x30 : 0x32, ...size, ...head, ...payload)
  }
}

/** A server that answers what a test tells it to. */
export function createFakeRollcall() {
  const sockets: FakeSocket[] = []
  const requests: { readonly path: string; readonly token: string; readonly body: unknown }[] = []
  let answer: (path: string) => Response | Promise<Response> = fine
  /** What CONNECT and SUBSCRIBE are answered; 0x80 and above refuse. */
  const codes = { connack: 0, suback: 1, answersPings: true }

  class Socket extends FakeSocket {
    constructor() {
      super()
      sockets.push(this)
      queueMicrotask(() => this.emit('open'))
    }

    override send(packet: ArrayBuffer): void {
      super.send(packet)
      const data = new Uint8Array(packet)
      if (data[0] === 0x10) queueMicrotask(() => this.receive(0x20, 3, 0, codes.connack, 0))
      if (data[0] === 0xc0 && codes.answersPings) queueMicrotask(() => this.receive(0xd0, 0))
      if (data[0] === 0x82)
        queueMicrotask(() => this.receive(0x90, 4, data[2] ?? 0, data[3] ?? 0, 0, codes.suback))
    }
  }
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const path = new URL(request.url).pathname.split('/').at(-1) ?? ''
    const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? ''
    requests.push({ path, token, body: await request.json().catch(() => undefined) })
    return answer(path)
  }
  return {
    WebSocket: Socket,
    fetch: send,
    sockets,
    requests,
    codes,
    last: () => sockets.at(-1) ?? new FakeSocket(),
    answerWith: (how: typeof answer) => {
      answer = how
    },
  }
}

/** What a server answers to register, keepalive and unregister when all is well. */
export function fine(path: string): Response {
  return path === 'register' ? Response.json({ id: 'made' }) : new Response(null, { status: 204 })
}

export function refusal(status: number, error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error, message: error }, { status, headers })
}
