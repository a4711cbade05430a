import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A socket that sends what it is told and keeps what it gets: for peers that no library would play. */
export class RawLink {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  readonly closed: Promise<void>

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      socket.emit('received')
    })
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** The next `size` bytes; rejects when the connection closes first. */
  async read(size: number): Promise<Buffer> {
    while (this.#received.length < size) await this.#more()
    const bytes = this.#received.subarray(0, size)
    this.#received = this.#received.subarray(size)
    return bytes
  }

  /** Everything up to and with `end`. */
  async readUntil(end: string): Promise<string> {
    while (!this.#received.includes(end)) await this.#more()
    return (await this.read(this.#received.indexOf(end) + end.length)).toString('latin1')
  }

  /** Everything until the connection closes. */
  async rest(): Promise<Buffer> {
    await this.closed
    return this.read(this.#received.length)
  }

  async #more(): Promise<void> {
    const closed = this.closed.then(() => 'closed')
    if ((await Promise.race([once(this.socket, 'received'), closed])) === 'closed')
      throw new Error(`closed after ${this.#received.toString('hex')}`)
  }
}

/** Connects to a TCP port; the socket is destroyed with the test. */
export async function openRaw(test: TestContext, port: number): Promise<RawLink> {
  const socket = connect({ port, host: '127.0.0.1' })
  const link = new RawLink(socket)
  test.after(() => socket.destroy())
  await once(socket, 'connect')
  return link
}

/** The opening handshake's request, with any headers put over the right ones. `''` leaves one out. */
export function upgradeRequest(path = '/ws', headers: { readonly [name: string]: string } = {}): Buffer {
  const all = {
    Host: '127.0.0.1',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol': 'mqtt',
    ...headers,
  }
  const lines = Object.entries(all).filter(([, value]) => value !== '')
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n`)
}

/** A WebSocket after its handshake. */
export async function openRawWebSocket(test: TestContext, port: number): Promise<RawLink> {
  const link = await openRaw(test, port)
  link.send(upgradeRequest())
  await link.readUntil('\r\n\r\n')
  return link
}

/** A masked frame of a client (RFC 6455 §5.2): binary and final unless said otherwise. */
export function clientFrame(payload: Uint8Array, { opcode = 2, final = true } = {}): Buffer {
  const mask = Buffer.from([1, 2, 3, 4])
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  const { length } = payload
  const size = length < 126 ? [length | 0x80] : [0x80 | 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode, ...size]), mask, masked])
}
