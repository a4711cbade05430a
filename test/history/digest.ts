import { crc32 } from 'node:zlib'

/** Short, and enough to see that bytes are not those that were sent. */
export function digestOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16)
}
