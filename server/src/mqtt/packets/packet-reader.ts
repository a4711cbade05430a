import { PacketError } from '../reasons.ts'

const EMPTY: Buffer = Buffer.alloc(0)

/**
 * Cuts a stream into packets by their declared length, which is judged before anything of the body is kept.
 *
 * Whole packets are handed out as views of the chunk they came in; only a packet that spans chunks is copied,
 * into storage that doubles, so that neither a declared length nor single bytes cost more than what arrived.
 */
export class PacketReader {
  #storage = EMPTY
  #start = 0
  #end = 0

  /** Bytes that were not handed out yet. */
  get heldBytes(): number {
    return this.#end - this.#start
  }

  /** First byte of the next packet, if it is there: type and flags. */
  get nextByte(): number | undefined {
    return this.#start < this.#end ? this.#storage[this.#start] : undefined
  }

  push(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#storage = chunk
      this.#start = 0
      this.#end = chunk.length
      return
    }
    this.#reserve(chunk.length)
    this.#end += chunk.copy(this.#storage, this.#end)
  }

  /**
   * The next whole packet, `undefined` until it is there.
   *
   * @throws PacketError `malformed_packet` for a length not in its shortest form, of four bytes at most
   *   [MQTT-1.5.5-1]; `packet_too_large`
   */
  next(packetBytesMax: number): Buffer | undefined {
    const total = this.#declaredBytes()
    if (total === undefined) return undefined
    if (total > packetBytesMax) throw new PacketError('packet_too_large')
    if (total > this.heldBytes) return undefined
    const packet = this.#storage.subarray(this.#start, this.#start + total)
    this.#start += total
    if (this.#start === this.#end) this.clear()
    return packet
  }

  clear(): void {
    this.#storage = EMPTY
    this.#start = 0
    this.#end = 0
  }

  /** Size of the next packet, header included (MQTT 5.0 §2.1.4). */
  #declaredBytes(): number | undefined {
    let length = 0
    for (let index = 0; index < 4; index++) {
      const at = this.#start + 1 + index
      if (at >= this.#end) return undefined
      const byte = this.#storage.readUInt8(at)
      length |= (byte & 0x7f) << (7 * index)
      if (byte === 0 && index > 0) break
      if (byte < 0x80) return length + 2 + index
    }
    throw new PacketError('malformed_packet')
  }

  /** Makes room for `extraBytes` behind what is held. A chunk never has spare room, so it is never written to. */
  #reserve(extraBytes: number): void {
    const held = this.heldBytes
    if (this.#end + extraBytes <= this.#storage.length) return
    const grown = Buffer.allocUnsafe(Math.max(64, 2 * held, held + extraBytes))
    this.#storage.copy(grown, 0, this.#start, this.#end)
    this.#storage = grown
    this.#start = 0
    this.#end = held
  }
}
