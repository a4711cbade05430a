import { SdkError } from '../sdk-error.ts'
import type { MqttVersion } from './encode.ts'

/** What a server sends, as far as a subscriber needs it. `other` is what may be ignored. */
export type Packet =
  | { readonly type: 'connack'; readonly code: number }
  | { readonly type: 'suback'; readonly packetId: number; readonly codes: readonly number[] }
  | Publication
  | { readonly type: 'pingresp' }
  | { readonly type: 'disconnect'; readonly code: number }
  | { readonly type: 'other' }

export type Publication = {
  readonly type: 'publish'
  readonly topic: string
  /** Absent at QoS 0. */
  readonly packetId: number | undefined
  readonly payload: Uint8Array
}

/**
 * Puts packets together from chunks, whose boundaries mean nothing (MQTT 3.1.1 §6).
 *
 * @returns takes a chunk, gives the packets that it completes
 */
export function createPacketReader(
  version: MqttVersion,
  packetBytesMax: number,
): (chunk: Uint8Array) => Packet[] {
  let rest = new Uint8Array()
  return (chunk) => {
    rest = join(rest, chunk)
    const packets: Packet[] = []
    for (let frame = nextFrame(rest, packetBytesMax); frame; frame = nextFrame(rest, packetBytesMax)) {
      packets.push(decode(version, frame.first, new Reader(rest.slice(frame.start, frame.end))))
      rest = rest.slice(frame.end)
    }
    return packets
  }
}

function join(rest: Uint8Array, chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(rest.length + chunk.length)
  joined.set(rest)
  joined.set(chunk, rest.length)
  return joined
}

type Frame = { readonly first: number; readonly start: number; readonly end: number }

/** The first packet's place, once all of it is there. @throws SdkError `protocol_error` */
function nextFrame(bytes: Uint8Array, packetBytesMax: number): Frame | undefined {
  const [first] = bytes
  if (first === undefined) return undefined
  let length = 0
  for (let index = 1; index <= 4; index++) {
    const byte = bytes[index]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) << (7 * (index - 1))
    if (byte >= 0x80) continue
    if (length > packetBytesMax) throw malformed(`a packet of ${length} bytes`)
    const end = index + 1 + length
    return end <= bytes.length ? { first, start: index + 1, end } : undefined
  }
  throw malformed('a length of more than four bytes')
}

function decode(version: MqttVersion, first: number, reader: Reader): Packet {
  switch (first >> 4) {
    case 2:
      reader.byte()
      return { type: 'connack', code: reader.byte() }
    case 3:
      return decodePublish(version, first, reader)
    case 9: {
      const packetId = reader.uint16()
      if (version === 5) reader.skipProperties()
      return { type: 'suback', packetId, codes: [...reader.rest()] }
    }
    case 13:
      return { type: 'pingresp' }
    case 14:
      // Left out: normal disconnection [MQTT5 3.14.2.1].
      return { type: 'disconnect', code: reader.isAtEnd ? 0 : reader.byte() }
    default:
      return { type: 'other' }
  }
}

function decodePublish(version: MqttVersion, first: number, reader: Reader): Publication {
  const qos = (first >> 1) & 0x03
  // Subscriptions are for QoS 1 at most.
  if (qos > 1) throw malformed(`an event of QoS ${qos}`)
  const topic = reader.text()
  const packetId = qos === 1 ? reader.uint16() : undefined
  if (version === 5) reader.skipProperties()
  return { type: 'publish', topic, packetId, payload: reader.rest() }
}

class Reader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length
  }

  byte(): number {
    const byte = this.#bytes[this.#offset++]
    if (byte === undefined) throw malformed('a packet that ends too early')
    return byte
  }

  uint16(): number {
    return (this.byte() << 8) | this.byte()
  }

  text(): string {
    return new TextDecoder().decode(this.#take(this.uint16()))
  }

  /** Properties are told by a length before them, so that none need be known. */
  skipProperties(): void {
    if (this.isAtEnd) return
    let length = 0
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = this.byte()
      length += (byte & 0x7f) << shift
      more = byte >= 0x80 && shift < 21
    }
    this.#take(length)
  }

  rest(): Uint8Array {
    return this.#take(this.#bytes.length - this.#offset)
  }

  #take(length: number): Uint8Array {
    const end = this.#offset + length
    if (end > this.#bytes.length) throw malformed('a packet that ends too early')
    const taken = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return taken
  }
}

function malformed(what: string): SdkError {
  return new SdkError('protocol_error', `The server sent ${what}.`)
}
