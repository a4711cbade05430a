import { isUtf8 } from 'node:buffer'
import type { CloseReason } from '../reasons.ts'
import { type FrameHead, OPCODES, readFrameHead, unmask } from './frame-head.ts'

/** Frames that one message may come in, and reads that it may come in: each costs more than its bytes. */
const FRAMES_MAX = 256
const READS_MAX = 2_048
const CONTROL_BYTES_MAX = 125

// RFC 6455 §7.4.1.
const PROTOCOL_ERROR = 1002
const UNSUPPORTED_DATA = 1003
const INVALID_PAYLOAD = 1007
const POLICY_VIOLATION = 1008
const MESSAGE_TOO_BIG = 1009

/** The client broke a rule. */
export class FrameError extends Error {
  /** Of the close frame that says so. */
  readonly code: number
  readonly reason: CloseReason

  constructor(code: number, reason: CloseReason = 'malformed_packet') {
    super(`closed with ${code}`)
    this.name = 'FrameError'
    this.code = code
    this.reason = reason
  }
}

/** What is read out of a client's frames. */
export type FrameListener = {
  /** One whole message. */
  onMessage(payload: Buffer): void
  onPing(payload: Buffer): void
  /** The client closes, and what comes after is read over. @param code its own; `undefined`: it gave none */
  onClose(code: number | undefined): void
}

/** A message that has begun and not ended. */
type Begun = { readonly parts: Buffer[]; bytes: number; frames: number }

/**
 * Reads a client's WebSocket frames (RFC 6455 §5): binary messages and control frames, no extension. What was read is unmasked
 * where it lies, and handed on from there where a message is whole in it. There is one for each link: nothing is allocated while
 * nothing is under way.
 */
export class FrameReader {
  readonly #listener: FrameListener
  readonly #messageBytesMax: number
  /** The beginning of a frame: its head has not come whole, or, of a control frame, the rest. */
  #tail: Buffer | undefined
  /** The data frame that is being read, and what is missing of it. */
  #frame: FrameHead | undefined
  #missingBytes = 0
  #message: Begun | undefined
  #isOver = false

  constructor(listener: FrameListener, messageBytesMax: number) {
    this.#listener = listener
    this.#messageBytesMax = messageBytesMax
  }

  /** Bytes that are kept of a message that is not whole. */
  get heldBytes(): number {
    return this.#message?.bytes ?? 0
  }

  /** @throws FrameError after which everything is read over */
  push(chunk: Buffer): void {
    const bytes = this.#tail === undefined ? chunk : Buffer.concat([this.#tail, chunk])
    this.#tail = undefined
    for (let at = 0; at < bytes.length && !this.#isOver; ) {
      const next = this.#frame === undefined ? this.#begin(bytes, at) : this.#goOn(this.#frame, bytes, at)
      // A copy: what was read is not kept for these few bytes.
      if (next === undefined) this.#tail = Buffer.from(bytes.subarray(at))
      at = next ?? bytes.length
    }
  }

  /** A frame's head, and of it what is there. @returns where to go on; `undefined`: more has to come first */
  #begin(bytes: Buffer, at: number): number | undefined {
    const head = readFrameHead(bytes, at)
    if (head === undefined) return undefined
    this.#judge(head)
    const from = at + head.headBytes
    if (head.opcode >= OPCODES.close) return this.#control(head, bytes, from)
    if (from > bytes.length) return undefined
    if (this.#message !== undefined) this.#message.frames++
    this.#frame = head
    this.#missingBytes = head.payloadBytes
    return this.#goOn(head, bytes, from)
  }

  /** As soon as its length is there. */
  #judge({ opcode, isFinal, isMasked, hasReserved, payloadBytes }: FrameHead): void {
    if (hasReserved || !isMasked) this.#fail(PROTOCOL_ERROR)
    if (opcode >= OPCODES.close) {
      if (opcode > OPCODES.pong || !isFinal || payloadBytes > CONTROL_BYTES_MAX) this.#fail(PROTOCOL_ERROR)
      return
    }
    if (opcode === OPCODES.text) this.#fail(UNSUPPORTED_DATA, 'protocol_error') // [MQTT-6.0.0-1]
    const isNext = this.#message !== undefined
    if (opcode !== (isNext ? OPCODES.continuation : OPCODES.binary)) this.#fail(PROTOCOL_ERROR)
    if (this.heldBytes + payloadBytes > this.#messageBytesMax) this.#fail(MESSAGE_TOO_BIG)
    if ((this.#message?.frames ?? 0) >= FRAMES_MAX) this.#fail(POLICY_VIOLATION)
  }

  #goOn(frame: FrameHead, bytes: Buffer, from: number): number {
    const part = bytes.subarray(from, from + this.#missingBytes)
    unmask(part, frame.mask, frame.payloadBytes - this.#missingBytes)
    this.#missingBytes -= part.length
    const isWhole = this.#missingBytes === 0
    if (isWhole) this.#frame = undefined
    if (isWhole && frame.isFinal) this.#finish(part)
    else this.#keep(part)
    return from + part.length
  }

  #keep(part: Buffer): void {
    this.#message ??= { parts: [], bytes: 0, frames: 1 }
    if (this.#message.parts.length >= READS_MAX) this.#fail(POLICY_VIOLATION)
    this.#message.parts.push(onItsOwn(part))
    this.#message.bytes += part.length
  }

  #finish(last: Buffer): void {
    const begun = this.#message
    this.#message = undefined
    this.#listener.onMessage(begun === undefined ? last : Buffer.concat([...begun.parts, last]))
  }

  #control(head: FrameHead, bytes: Buffer, from: number): number | undefined {
    const to = from + head.payloadBytes
    if (to > bytes.length) return undefined
    const payload = bytes.subarray(from, to)
    unmask(payload, head.mask, 0)
    if (head.opcode === OPCODES.ping) this.#listener.onPing(payload)
    else if (head.opcode === OPCODES.close) this.#close(payload)
    return to
  }

  #close(payload: Buffer): void {
    const code = payload.length < 2 ? undefined : payload.readUInt16BE(0)
    if (payload.length === 1 || (code !== undefined && !mayBeSent(code))) this.#fail(PROTOCOL_ERROR)
    if (!isUtf8(payload.subarray(2))) this.#fail(INVALID_PAYLOAD)
    this.#isOver = true
    this.#message = undefined
    this.#listener.onClose(code)
  }

  #fail(code: number, reason?: CloseReason): never {
    this.#isOver = true
    this.#message = undefined
    throw new FrameError(code, reason)
  }
}

/**
 * Little of what was read, of which the rest is over, in memory of its own: who puts a byte of a message before each 64 KiB of
 * pings would have all of them kept, and only the bytes are counted.
 */
function onItsOwn(part: Buffer): Buffer {
  return part.buffer.byteLength > 2 * part.length ? Buffer.from(new Uint8Array(part).buffer) : part
}

/** RFC 6455 §7.4: 1004 to 1006 and 1015 are never sent, and below 3000 only what is registered. */
function mayBeSent(code: number): boolean {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999)
}
