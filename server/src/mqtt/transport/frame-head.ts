/** RFC 6455 §5.2. Those between, and those above, are reserved. */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** The head of a client's frame. */
export type FrameHead = {
  readonly isFinal: boolean
  readonly hasReserved: boolean
  readonly opcode: number
  readonly isMasked: boolean
  readonly payloadBytes: number
  readonly headBytes: number
  /** The masking key, big-endian; 0 where it has not come yet. */
  readonly mask: number
}

const MASK_BYTES = 4

/** The head of the frame that begins at `at`; `undefined` where not even its length is there. */
export function readFrameHead(bytes: Buffer, at: number): FrameHead | undefined {
  if (bytes.length < at + 2) return undefined
  const [first, second] = [bytes.readUInt8(at), bytes.readUInt8(at + 1)]
  const short = second & 0x7f
  const maskAt = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
  if (bytes.length < maskAt) return undefined
  return {
    isFinal: (first & 0x80) !== 0,
    hasReserved: (first & 0x70) !== 0,
    opcode: first & 0x0f,
    isMasked: (second & 0x80) !== 0,
    payloadBytes: payloadBytesAt(bytes, at + 2, short),
    headBytes: maskAt + MASK_BYTES - at,
    mask: bytes.length < maskAt + MASK_BYTES ? 0 : bytes.readUInt32BE(maskAt),
  }
}

/** Past what a number holds exactly it is far too much all the same. */
function payloadBytesAt(bytes: Buffer, at: number, short: number): number {
  if (short < 126) return short
  if (short === 126) return bytes.readUInt16BE(at)
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}

/** RFC 6455 §5.3, in place. @param offset of these bytes in the frame's payload */
export function unmask(bytes: Buffer, mask: number, offset: number): void {
  for (let at = 0; at < bytes.length; at++) {
    const shift = 24 - 8 * ((offset + at) & 3)
    bytes[at] = (bytes[at] ?? 0) ^ (mask >>> shift)
  }
}
