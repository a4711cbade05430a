import type { DiscardReason } from '@rollcall/protocol/history'
import { noted } from '../../history-query.ts'
import type { HistoryDraft, HistoryEndpoint, Noted, Outcome, Sender } from '../../store.ts'

/** One endpoint's part as it is written with its record; later outcomes are in `outcome-pages.ts`. */
export type StoredPart = {
  readonly userEndpointId: string
  /** The mailbox entry whose outcomes are still to come; 0: nothing is. */
  readonly sequence: number
  readonly at: HistoryEndpoint['at']
}
export type StoredRecord = { readonly draft: HistoryDraft; readonly parts: readonly StoredPart[] }

/** Their numbers on disk: never given to another. */
const CODES: { readonly [outcome in Outcome]: number } = {
  not_connected: 0,
  queued: 1,
  sent: 2,
  acknowledged: 3,
  expired: 4,
  discarded: 5,
  woken: 6,
}

/** Never given to another. 0: none is known, as in what earlier versions wrote. */
const REASON_CODES: { readonly [reason in DiscardReason]: number } = {
  registration_expired: 1,
  registered_anew: 2,
  unregistered: 3,
  kicked: 4,
  revoked: 5,
  evicted: 6,
  erased: 7,
  mailbox_full: 8,
  collapsed: 9,
  answered_elsewhere: 10,
  acknowledged_elsewhere: 11,
  too_large: 12,
  unreadable: 13,
  congested: 14,
}

const OUTCOMES = byCode(CODES)
const REASONS = byCode(REASON_CODES)

/** An outcome and its reason share a byte: the lower bits are the outcome's. */
const OUTCOME_BITS = 3
const OUTCOME_MASK = (1 << OUTCOME_BITS) - 1

export function codeOf(outcome: Outcome, reason?: DiscardReason): number {
  return CODES[outcome] | ((reason === undefined ? 0 : REASON_CODES[reason]) << OUTCOME_BITS)
}

export function notedOf(code: number, atWallMs: number): Noted {
  const outcome = OUTCOMES.get(code & OUTCOME_MASK)
  if (outcome === undefined) throw new RangeError(`there is no outcome ${code}`)
  // A reason of a later version is none.
  return noted(outcome, atWallMs, REASONS.get(code >> OUTCOME_BITS))
}

function byCode<Word extends string>(codes: { readonly [word in Word]: number }): ReadonlyMap<number, Word> {
  const words = Object.keys(codes) as Word[]
  return new Map(words.map((word) => [codes[word], word]))
}

/** `qos`, time, two lengths of 4 bytes, and 5 texts with 2 bytes of length each. */
const FIXED_BYTES = 9 + 8 + 10
const PART_BYTES = 11
const AT_BYTES = 9
/** A UTF-16 unit becomes 3 bytes at most. */
const BYTES_PER_UNIT = 3

/**
 * What a record says after its parts: a byte with a bit for each member that follows, in the order of the bits. What
 * earlier versions wrote ends before it.
 */
const HAS_END = 1
const HAS_MASKS = 2
const HAS_SENDER = 4
const TAIL_BYTES = 1 + 8 + 4 + 3

/** Their numbers on disk: never given to another. */
const SENDER_KINDS = ['user', 'client', 'service'] as const satisfies readonly Sender['kind'][]

/** No record takes more when encoded; cheap. */
export function recordBytesMax({ draft, parts }: StoredRecord): number {
  const { eventId, type, organizationId, userId, senderId, event, masks, sentBy } = draft
  const units = eventId.length + type.length + organizationId.length + userId.length + senderId.length
  let bytes = FIXED_BYTES + TAIL_BYTES + units * BYTES_PER_UNIT + event.byteLength
  for (const { userEndpointId, at } of parts)
    bytes += PART_BYTES + userEndpointId.length * BYTES_PER_UNIT + at.length * AT_BYTES
  for (const mask of masks ?? []) bytes += 2 + mask.length * BYTES_PER_UNIT
  return bytes + (sentBy?.kind === 'service' ? sentBy.id.length * BYTES_PER_UNIT : 0)
}

/** Writes a record at `start`, where there is room for `recordBytesMax`, and returns its end. */
export function encodeRecord(target: Buffer, start: number, { draft, parts }: StoredRecord): number {
  let offset = target.writeUInt8(draft.qos, start)
  offset = target.writeDoubleBE(draft.acceptedAtWallMs, offset)
  offset = writeText(target, offset, draft.eventId)
  offset = writeText(target, offset, draft.type)
  offset = writeText(target, offset, draft.organizationId)
  offset = writeText(target, offset, draft.userId)
  offset = writeText(target, offset, draft.senderId)
  offset = target.writeUInt32BE(draft.event.byteLength, offset)
  target.set(draft.event, offset)
  offset = target.writeUInt32BE(parts.length, offset + draft.event.byteLength)
  for (const { userEndpointId, sequence, at } of parts) {
    offset = writeText(target, offset, userEndpointId)
    offset = target.writeDoubleBE(sequence, offset)
    offset = target.writeUInt8(at.length, offset)
    for (const { outcome, atWallMs, reason } of at)
      offset = target.writeDoubleBE(atWallMs, target.writeUInt8(codeOf(outcome, reason), offset))
  }
  return writeTail(target, offset, draft)
}

function writeTail(target: Buffer, start: number, { expiresAtWallMs, masks, sentBy }: HistoryDraft): number {
  const flags =
    (expiresAtWallMs === undefined ? 0 : HAS_END) |
    (masks === undefined ? 0 : HAS_MASKS) |
    (sentBy === undefined ? 0 : HAS_SENDER)
  let offset = target.writeUInt8(flags, start)
  if (expiresAtWallMs !== undefined) offset = target.writeDoubleBE(expiresAtWallMs, offset)
  if (masks !== undefined) {
    offset = target.writeUInt32BE(masks.length, offset)
    for (const mask of masks) offset = writeText(target, offset, mask)
  }
  return sentBy === undefined ? offset : writeSender(target, offset, sentBy)
}

/** The name of all but role SERVICE is the record's `senderId`. */
function writeSender(target: Buffer, start: number, { kind, id }: Sender): number {
  const offset = target.writeUInt8(senderCodeOf(kind), start)
  return kind === 'service' ? writeText(target, offset, id) : offset
}

function writeText(target: Buffer, offset: number, text: string): number {
  const bytes = target.write(text, offset + 2)
  target.writeUInt16BE(bytes, offset)
  return offset + 2 + bytes
}

/** The event is a view of `bytes`, in which the record ends at `end`. */
export function decodeRecord(bytes: Buffer, start: number, end: number): StoredRecord {
  const reader = new Reader(bytes, start)
  const draft = {
    qos: reader.byte() === 1 ? 1 : 0,
    acceptedAtWallMs: reader.double(),
    eventId: reader.text(),
    type: reader.text(),
    organizationId: reader.text(),
    userId: reader.text(),
    senderId: reader.text(),
    event: reader.view(reader.word()),
  } as const
  const parts = Array.from({ length: reader.word() }, () => ({
    userEndpointId: reader.text(),
    sequence: reader.double(),
    at: Array.from({ length: reader.byte() }, () => notedOf(reader.byte(), reader.double())),
  }))
  const tail = reader.isBefore(end) ? readTail(reader, draft.senderId) : {}
  return { draft: { ...draft, ...tail }, parts }
}

/** Whose record begins at `start`, without reading the rest of it. */
export function organizationIn(bytes: Buffer, start: number): string {
  const eventId = start + 1 + 8
  const type = eventId + 2 + bytes.readUInt16BE(eventId)
  return new Reader(bytes, type + 2 + bytes.readUInt16BE(type)).text()
}

type Tail = Pick<HistoryDraft, 'expiresAtWallMs' | 'masks' | 'sentBy'>

function readTail(reader: Reader, senderId: string): Tail {
  const flags = reader.byte()
  const ending = (flags & HAS_END) === 0 ? {} : { expiresAtWallMs: reader.double() }
  const masks =
    (flags & HAS_MASKS) === 0 ? {} : { masks: Array.from({ length: reader.word() }, () => reader.text()) }
  const sender = (flags & HAS_SENDER) === 0 ? {} : { sentBy: readSender(reader, senderId) }
  return { ...ending, ...masks, ...sender }
}

function readSender(reader: Reader, senderId: string): Sender {
  const kind = senderKindOf(reader.byte())
  return { kind, id: kind === 'service' ? reader.text() : senderId }
}

export function senderKindOf(code: number): Sender['kind'] {
  const kind = SENDER_KINDS[code]
  if (kind === undefined) throw new RangeError(`there is no sender ${code}`)
  return kind
}

export function senderCodeOf(kind: Sender['kind']): number {
  return SENDER_KINDS.indexOf(kind)
}

class Reader {
  readonly #bytes: Buffer
  #offset: number

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes
    this.#offset = offset
  }

  isBefore(end: number): boolean {
    return this.#offset < end
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#offset++)
  }

  word(): number {
    this.#offset += 4
    return this.#bytes.readUInt32BE(this.#offset - 4)
  }

  double(): number {
    this.#offset += 8
    return this.#bytes.readDoubleBE(this.#offset - 8)
  }

  text(): string {
    const length = this.#bytes.readUInt16BE(this.#offset)
    const start = this.#offset + 2
    this.#offset = start + length
    return this.#bytes.toString('utf8', start, this.#offset)
  }

  view(length: number): Buffer {
    this.#offset += length
    return this.#bytes.subarray(this.#offset - length, this.#offset)
  }
}
