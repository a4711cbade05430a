import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { connackPacket, PacketType, publishPacket, subackPacket, takePackets } from '../wire/mqtt-packets.ts'
import { Splitter } from '../wire/splitter.ts'

type Link = { readonly socket: WebSocket; readonly topic: Buffer; packetId: number }

const PACKET_IDS = 0xffff
/** Where the user name begins in CONNECT after the client id: protocol name, level, flags, keep alive. */
const CLIENT_ID_AT = 10

/** The links of a server that believes everybody: one per user, on the topic subscribed last. */
export class ReferenceLinks {
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #linkOf = new Map<string, Link>()

  /** Handles `GET /ws`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket))
  }

  /** Whether the user has a link. */
  send(user: string, payload: Buffer, qos: number): boolean {
    const link = this.#linkOf.get(user)
    if (link === undefined) return false
    link.packetId = (link.packetId % PACKET_IDS) + 1
    link.socket.send(publishPacket(link.topic, payload, qos === 1 ? link.packetId : undefined))
    return true
  }

  #accept(socket: WebSocket): void {
    let user = ''
    const packets = new Splitter(
      takePackets((first, bytes, start) => {
        if (first >> 4 === PacketType.connect) {
          user = textAt(bytes, start + CLIENT_ID_AT + 2 + bytes.readUInt16BE(start + CLIENT_ID_AT))
          socket.send(connackPacket())
        } else if (first >> 4 === PacketType.subscribe) {
          this.#linkOf.set(user, { socket, topic: Buffer.from(textAt(bytes, start + 2)), packetId: 0 })
          socket.send(subackPacket(bytes.readUInt16BE(start), 1))
        }
      }),
    )
    socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) packets.push(data, 0, data.length)
    })
    socket.on('close', () => this.#linkOf.delete(user))
  }
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at + 2, at + 2 + bytes.readUInt16BE(at))
}
