import { isUtf8 } from 'node:buffer'
import { PacketError } from '../reasons.ts'

/** Walks over the fields of one packet (MQTT 5.0 §1.5), each checked for its form. */
export class Cursor {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  get at(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Steps over `size` bytes. */
  take(size: number): Buffer {
    const end = this.#at + size
    if (end > this.#bytes.length) throw new PacketError('malformed_packet')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  byte(): number {
    return this.take(1).readUInt8(0)
  }

  uint16(): number {
    return this.take(2).readUInt16BE(0)
  }

  uint32(): number {
    return this.take(4).readUInt32BE(0)
  }

  /** Variable Byte Integer: at most four bytes. */
  variable(): number {
    let value = 0
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new PacketError('malformed_packet')
  }

  /** Binary Data. */
  binary(): Buffer {
    return this.take(this.uint16())
  }

  /** UTF-8 Encoded String: well-formed, no surrogates, no U+0000 [MQTT-1.5.4-1, MQTT-1.5.4-2]. */
  string(): Buffer {
    const text = this.binary()
    if (!isUtf8(text) || text.includes(0)) throw new PacketError('malformed_packet')
    return text
  }

  /** Packet Identifier: never zero [MQTT-2.2.1-3]. */
  packetId(): number {
    const packetId = this.uint16()
    if (packetId === 0) throw new PacketError('protocol_error')
    return packetId
  }

  /** What was stepped over since `start`. */
  since(start: number): Buffer {
    return this.#bytes.subarray(start, this.#at)
  }

  /** All that is left. */
  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at)
  }

  end(): void {
    if (!this.isAtEnd) throw new PacketError('malformed_packet')
  }
}
