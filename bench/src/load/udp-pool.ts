import { createSocket, type Socket } from 'node:dgram'
import { Loss } from './loss.ts'
import type { OnAnswer, Pool } from './work.ts'

const STATUS_AT = 'SIP/2.0 '.length
const STATUS_DIGITS = 3

/** Sockets of UDP, each a slot for one request under way. On loopback none is lost that a closed loop sends. */
export class UdpPool implements Pool {
  readonly #port: number
  #sockets: readonly Socket[] = []
  readonly #loss = new Loss()

  constructor(port: number) {
    this.#port = port
  }

  get lost(): Promise<never> {
    return this.#loss.promise
  }

  async open(slots: number, onAnswer: OnAnswer): Promise<void> {
    this.#sockets = await Promise.all(
      Array.from({ length: slots }, (_, slot) => openSocket(this.#port, slot, onAnswer, this.#loss.tell)),
    )
  }

  send(slot: number, request: Buffer): void {
    this.#sockets[slot]?.send(request)
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
  }
}

function openSocket(
  port: number,
  slot: number,
  onAnswer: OnAnswer,
  onError: (error: Error) => void,
): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.on('error', onError)
  socket.on('message', (bytes) => {
    const status = Number(bytes.toString('latin1', STATUS_AT, STATUS_AT + STATUS_DIGITS))
    onAnswer(slot, status, bytes, 0, bytes.length)
  })
  return new Promise((resolve) => socket.connect(port, '127.0.0.1', () => resolve(socket)))
}
