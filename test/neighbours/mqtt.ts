import type { Socket } from 'node:net'
import { encodeConnect } from '../../client/src/mqtt/encode.ts'
import { clientFrame, upgradeRequest } from '../helpers/raw-link.ts'
import type { Target } from './target.ts'
import { openSocket } from './tools.ts'

/** Who connects. */
export type Account = { readonly username: string; readonly token: string }

/** A WebSocket that has sent its handshake and CONNECT, and counts nothing of what comes back. */
export type RawPeer = {
  readonly socket: Socket
  /** Sends packets in one frame. @returns whether the socket wants more */
  send(packets: Uint8Array): boolean
  readonly closed: Promise<void>
}

/** Opens a link that no library would open. It ends with the signal. */
export async function openPeer(
  target: Target,
  signal: AbortSignal,
  { username, token }: Account,
  { clientId = '', keepAliveSeconds = 0, localAddress }: PeerOptions = {},
): Promise<RawPeer> {
  const socket = openSocket(target, signal, localAddress)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve())
    socket.once('close', () => reject(new Error('closed before the handshake was answered')))
  })
  socket.write(upgradeRequest())
  await connected
  socket.resume()
  const send = (packets: Uint8Array): boolean => socket.write(clientFrame(packets))
  const connect = { version: 5, clientId, userName: username, password: token, keepAliveSeconds } as const
  send(new Uint8Array(encodeConnect(connect)))
  return { socket, send, closed }
}

type PeerOptions = {
  readonly clientId?: string
  readonly keepAliveSeconds?: number
  readonly localAddress?: string
}
