import { encodeFields, FieldReader } from '../fields.ts'

/** One endpoint's part in a call: the entry of its mailbox that it was sent as; zeros where that is not known. */
export type CallPart = {
  readonly userEndpointId: string
  readonly registrationId: number
  readonly sequence: number
}

/** What memory and a row hold of a call. What is to be sent when it is answered has a row of its own. */
export type CallValues = {
  readonly organizationId: string
  readonly userId: string
  readonly eventId: string
  readonly senderId: string
  readonly qos: 0 | 1
  readonly endsAtWallMs: number
  readonly recordId: number
  /** `undefined`: nobody knows. */
  readonly masks: readonly string[] | undefined
  readonly parts: readonly CallPart[]
  /** Who answered first. Empty: nobody yet. */
  readonly winner: string
  /** Bytes of the event that the others get; 0: there is none. */
  readonly cancelBytes: number
}

export function encodeCall(call: CallValues): Buffer {
  return encodeFields([
    call.organizationId,
    call.userId,
    call.eventId,
    call.senderId,
    call.qos,
    call.endsAtWallMs,
    call.recordId,
    call.winner,
    call.cancelBytes,
    call.masks === undefined ? -1 : call.masks.length,
    ...(call.masks ?? []),
    call.parts.length,
    ...call.parts.flatMap(({ userEndpointId, registrationId, sequence }) => [
      userEndpointId,
      registrationId,
      sequence,
    ]),
  ])
}

export function decodeCall(value: Uint8Array): CallValues {
  const row = new FieldReader(value)
  const head = {
    organizationId: row.text(),
    userId: row.text(),
    eventId: row.text(),
    senderId: row.text(),
    qos: row.number() === 1 ? 1 : 0,
    endsAtWallMs: row.number(),
    recordId: row.number(),
    winner: row.text(),
    cancelBytes: row.number(),
  } as const
  const masks = row.number()
  return {
    ...head,
    masks: masks < 0 ? undefined : Array.from({ length: masks }, () => row.text()),
    parts: Array.from({ length: row.number() }, () => ({
      userEndpointId: row.text(),
      registrationId: row.number(),
      sequence: row.number(),
    })),
  }
}
