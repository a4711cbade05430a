import { connect, type Socket } from 'node:net'
import { connectPacket, PacketType, takePackets } from '../wire/mqtt-packets.ts'
import { Splitter } from '../wire/splitter.ts'
import { Loss } from './loss.ts'
import type { OnAnswer, Pool } from './work.ts'

const KEEP_ALIVE_SECONDS = 3600

/** Who publishes. */
export type Publisher = { readonly userName: string; readonly token: string }

type Options = {
  readonly port: number
  /** Whose connection a slot is. */
  readonly whoIs: (slot: number) => Publisher
  readonly qos: 0 | 1
  /** Packets in each request: that many PUBACKs, or one PINGRESP, are its answer. */
  readonly batch: number
}

/** Connections over MQTT 3.1.1 of those who publish; the server closes them where it refuses what is published. */
export class PublisherPool implements Pool {
  readonly #loss = new Loss()
  readonly #options: Options
  #sockets: readonly Socket[] = []

  constructor(options: Options) {
    this.#options = options
  }

  get lost(): Promise<never> {
    return this.#loss.promise
  }

  async open(slots: number, onAnswer: OnAnswer): Promise<void> {
    this.#sockets = await Promise.all(
      Array.from({ length: slots }, (_, slot) => this.#openOne(slot, onAnswer)),
    )
  }

  send(slot: number, request: Buffer): void {
    this.#sockets[slot]?.write(request)
  }

  close(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('close').destroy()
  }

  #openOne(slot: number, onAnswer: OnAnswer): Promise<Socket> {
    const { port, whoIs, qos, batch } = this.#options
    const { userName, token } = whoIs(slot)
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const answersMax = qos === 0 ? 1 : batch
    let answers = 0
    return new Promise((resolve, reject) => {
      const packets = new Splitter(
        takePackets((first, bytes, start, end) => {
          if (first >> 4 === PacketType.connack) {
            if (bytes[start + 1] === 0) resolve(socket)
            else reject(new Error(`a publisher was refused with code ${bytes[start + 1]}`))
          } else if (++answers === answersMax) {
            answers = 0
            onAnswer(slot, 0, bytes, start, end)
          }
        }),
      )
      socket.on('data', (chunk: Buffer) => packets.push(chunk, 0, chunk.length))
      socket.on('error', this.#loss.tell)
      socket.once('close', () => this.#loss.tell(new Error('the server closed a publisher')))
      this.lost.catch(reject)
      const hello = { clientId: `publisher-${slot}`, userName, password: token }
      socket.write(connectPacket({ ...hello, keepAliveSeconds: KEEP_ALIVE_SECONDS }))
    })
  }
}
