import type { TakeUnit } from './splitter.ts'

// RFC 6455 §5.2, as much of it as one message in one frame needs.
const FIN = 0x80
const MASKED = 0x80
const OPCODE = 0x0f
const BINARY = 0x2
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa
const LENGTH_16 = 126
const LENGTH_64 = 127

// 16 bytes that only have to be there (RFC 6455 §4.1).
const KEY = Buffer.from('rollcall-bench!!').toString('base64')

export type FrameHandlers = {
  /** Payload of a data frame, `bytes[start, end)`. */
  readonly onData: (bytes: Buffer, start: number, end: number) => void
  readonly onPing: (payload: Buffer) => void
  readonly onClose: () => void
}

/** The request that opens a WebSocket: for MQTT, or elsewhere for whatever comes (RFC 6455 §4.1). */
export function upgradeRequest(authority: string, elsewhere?: string): Buffer {
  return Buffer.from(
    [
      `GET ${elsewhere ?? '/ws'} HTTP/1.1`,
      `Host: ${authority}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${KEY}`,
      'Sec-WebSocket-Version: 13',
      ...(elsewhere === undefined ? ['Sec-WebSocket-Protocol: mqtt'] : []),
      '\r\n',
    ].join('\r\n'),
  )
}

/** A client's frame. Its mask is zero, which leaves the payload as it is and costs the server as much as any. */
export function clientFrame(payload: Buffer, opcode = BINARY): Buffer {
  const isShort = payload.length < LENGTH_16
  const header = Buffer.alloc(isShort ? 6 : 8)
  header[0] = FIN | opcode
  header[1] = MASKED | (isShort ? payload.length : LENGTH_16)
  if (!isShort) header.writeUInt16BE(payload.length, 2)
  return Buffer.concat([header, payload])
}

/** MQTT PUBACK in a frame, built at once: a receiver makes one for every event. */
export function pubackFrame(packetId: number): Buffer {
  return Buffer.from([FIN | BINARY, MASKED | 4, 0, 0, 0, 0, 0x40, 2, packetId >> 8, packetId & 0xff])
}

export function pongFrame(payload: Buffer): Buffer {
  return clientFrame(payload, PONG)
}

/** Reads a server's frames. A message in several of them is handed on in as many parts. */
export function takeFrames(handlers: FrameHandlers): TakeUnit {
  return (bytes, start, end) => {
    if (end - start < 2) return 0
    const short = (bytes[start + 1] ?? 0) & ~MASKED
    const headerBytes = 2 + extraLengthBytes(short)
    if (end - start < headerBytes) return 0
    const payloadStart = start + headerBytes
    const payloadEnd = payloadStart + payloadLength(bytes, start + 2, short)
    if (payloadEnd > end) return 0
    hand(handlers, (bytes[start] ?? 0) & OPCODE, bytes, payloadStart, payloadEnd)
    return payloadEnd - start
  }
}

function extraLengthBytes(short: number): number {
  if (short < LENGTH_16) return 0
  return short === LENGTH_64 ? 8 : 2
}

function payloadLength(bytes: Buffer, at: number, short: number): number {
  if (short < LENGTH_16) return short
  return short === LENGTH_64 ? Number(bytes.readBigUInt64BE(at)) : bytes.readUInt16BE(at)
}

function hand(handlers: FrameHandlers, opcode: number, bytes: Buffer, start: number, end: number): void {
  if (opcode <= BINARY) handlers.onData(bytes, start, end)
  else if (opcode === PING) handlers.onPing(Buffer.from(bytes.subarray(start, end)))
  else if (opcode === CLOSE) handlers.onClose()
}
