import { crc32 } from 'node:zlib'

/** CRC-32 of bytes, or of what was summed before with these after it. */
export function checksum(bytes: Uint8Array, before = 0): number {
  return crc32(bytes, before)
}
