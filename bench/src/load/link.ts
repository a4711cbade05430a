import { connect, type Socket } from 'node:net'
import { takeResponses } from '../wire/http-response.ts'
import { connectPacket, PacketType, subscribePacket, takePackets } from '../wire/mqtt-packets.ts'
import { Splitter, type TakeUnit } from '../wire/splitter.ts'
import { clientFrame, pongFrame, pubackFrame, takeFrames, upgradeRequest } from '../wire/websocket-frames.ts'

/** Longer than the benchmark: no link has to ping. */
const KEEP_ALIVE_SECONDS = 3600
const SUBSCRIBE_ID = 1
const SWITCHING_PROTOCOLS = 101

export type LinkOptions = {
  readonly port: number
  readonly clientId: string
  readonly userName: string
  readonly token: string
  readonly topic: string
  /** Shared by links: what is read is used up before the next one reads. */
  readonly readBuffer: Buffer
  readonly onEvent: (bytes: Buffer, start: number, end: number) => void
  /** The server has closed it. Not called after `close()`. */
  readonly onClosed: () => void
}

/** A device's link: MQTT 3.1.1 over WebSocket, subscribed to one topic with QoS 1. */
export class Link {
  readonly #options: LinkOptions
  readonly #socket: Socket
  readonly #onUp: () => void
  #isWebSocket = false

  private constructor(options: LinkOptions, onUp: () => void) {
    this.#options = options
    this.#onUp = onUp
    const bytes = new Splitter(this.#takeUnit())
    this.#socket = connect({
      host: '127.0.0.1',
      port: options.port,
      noDelay: true,
      onread: {
        buffer: options.readBuffer,
        callback(count) {
          bytes.push(options.readBuffer, 0, count)
          return true
        },
      },
    })
    this.#socket.once('connect', () => this.#socket.write(upgradeRequest(`127.0.0.1:${options.port}`)))
  }

  /** Resolves once it is subscribed. */
  static open(options: LinkOptions): Promise<Link> {
    return new Promise((resolve, reject) => {
      const link: Link = new Link(options, () => resolve(link))
      link.#socket.on('error', reject)
      link.#socket.once('close', () => {
        reject(new Error('the server closed a link that was about to open'))
        options.onClosed()
      })
    })
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #takeUnit(): TakeUnit {
    const answer = takeResponses((status) => this.#onUpgraded(status))
    const packets = new Splitter(
      takePackets((first, bytes, start, end) => this.#onPacket(first, bytes, start, end)),
    )
    const frames = takeFrames({
      onData: (bytes, start, end) => packets.push(bytes, start, end),
      onPing: (payload) => this.#socket.write(pongFrame(payload)),
      onClose: () => this.#socket.end(),
    })
    return (bytes, start, end) => (this.#isWebSocket ? frames : answer)(bytes, start, end)
  }

  #onUpgraded(status: number): void {
    this.#isWebSocket = status === SWITCHING_PROTOCOLS
    if (this.#isWebSocket) this.#connectMqtt()
    else this.#fail(`the upgrade was answered with ${status}`)
  }

  #connectMqtt(): void {
    const { clientId, userName, token } = this.#options
    const packet = connectPacket({
      clientId,
      userName,
      password: token,
      keepAliveSeconds: KEEP_ALIVE_SECONDS,
    })
    this.#socket.write(clientFrame(packet))
  }

  #onPacket(first: number, bytes: Buffer, start: number, end: number): void {
    switch (first >> 4) {
      case PacketType.publish:
        this.#onPublish(first, bytes, start, end)
        break
      case PacketType.connack:
        this.#onConnack(bytes[start + 1])
        break
      case PacketType.suback:
        if (bytes[start + 2] === 1) this.#onUp()
        else this.#fail('the subscription was refused')
    }
  }

  #onConnack(code: number | undefined): void {
    if (code === 0) this.#socket.write(clientFrame(subscribePacket(SUBSCRIBE_ID, this.#options.topic, 1)))
    else this.#fail(`the link was refused with code ${code}`)
  }

  #onPublish(first: number, bytes: Buffer, start: number, end: number): void {
    const topicEnd = start + 2 + bytes.readUInt16BE(start)
    const isAtLeastOnce = (first & 0x06) !== 0
    if (isAtLeastOnce) this.#socket.write(pubackFrame(bytes.readUInt16BE(topicEnd)))
    this.#options.onEvent(bytes, topicEnd + (isAtLeastOnce ? 2 : 0), end)
  }

  #fail(problem: string): void {
    this.#socket.destroy(new Error(problem))
  }
}
