import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { CONNECT_TIMEOUT_MS, PACKET_BYTES_MAX_BEFORE_CONNECT } from '@rollcall/protocol/limits'
import { refusal } from '../packets/answers.ts'
import { connectLevel } from '../packets/decode.ts'
import { PacketReader } from '../packets/packet-reader.ts'

/** First byte of CONNECT, which must be the first packet [MQTT-3.1.0-1]. */
const CONNECT = 0x10
/** Connections at one time. More are let go without a word. */
const REFUSED_MAX = 1_000
/** What a peer may take to read the refusal, milliseconds. */
const LINGER_MS = 5_000

/**
 * Answers every CONNECT at a port with "server unavailable" (MQTT 3.1.1 §3.2.2.3, MQTT 5.0 §3.2.2.2), while there is
 * nothing to connect to yet: a client that is told so comes again, one that finds nobody may give up.
 *
 * @returns ends it, for connections from then on
 */
export function refuseWhileStarting(server: Server): () => void {
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
  let sockets = 0
  const refuse = (socket: Socket): void => {
    sockets++
    socket.once('close', () => sockets--)
    socket.on('error', () => {})
    if (sockets > REFUSED_MAX) socket.destroy()
    else refuseConnect(socket)
  }
  const ignore = (): void => {}
  server.on(event, refuse)
  server.on('error', ignore)
  return () => void server.off(event, refuse).off('error', ignore)
}

function refuseConnect(socket: Socket): void {
  const reader = new PacketReader()
  socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    if (socket.writableEnded) return
    try {
      reader.push(chunk)
      const packet = reader.next(PACKET_BYTES_MAX_BEFORE_CONNECT)
      if (reader.heldBytes > PACKET_BYTES_MAX_BEFORE_CONNECT) socket.destroy()
      if (packet === undefined) return
      if (packet[0] !== CONNECT) return void socket.destroy()
      socket.setTimeout(LINGER_MS)
      socket.end(refusal(connectLevel(packet) < 5 ? 4 : 5, 'unavailable'))
    } catch {
      socket.destroy()
    }
  })
}
