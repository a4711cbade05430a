import { asBuffer, encodeFields, FieldReader } from './fields.ts'
import type { Rows } from './rows.ts'

/** Version of everything on disk. Raised when an older program could not read it any more. */
const FORMAT_VERSION = 1

const FORMAT_KEY = Buffer.from('format')
const STATE_KEY = Buffer.from('state')
/** Of a row as it was at first, and as it was next. */
const STATE_BYTES = 25
const HEARD_STATE_BYTES = STATE_BYTES + 8

/** What goes with every commit, in one row. */
export type StoreState = {
  /** Service time of the commit: where service time goes on at the next start. */
  readonly heartbeatMs: number
  /** Up to when everybody had been heard by then: whoever lived at it lives. */
  readonly heardMs: number
  /** The wall clock's earliest time at the commit. `undefined`: a former version wrote it, and nobody knows. */
  readonly earliestWallMs: number | undefined
  /** The store was closed with this commit: nothing happened after it. */
  readonly isClean: boolean
  /** The ids that come next. Written with whatever uses them, so that none is ever used again. */
  readonly nextRegistrationId: number
  readonly nextSequence: number
}

export const FORMAT_CHANGE = {
  table: 'meta',
  key: FORMAT_KEY,
  value: encodeFields([FORMAT_VERSION]),
} as const

/** Throws when a newer program wrote these rows. */
export function assertFormat(rows: Rows): void {
  const row = rows.get('meta', FORMAT_KEY)
  const version = row === undefined ? FORMAT_VERSION : new FieldReader(row).number()
  if (version > FORMAT_VERSION)
    throw new Error(
      `The data folder has format ${version}; this version of Rollcall reads up to ${FORMAT_VERSION}. Start the newer version.`,
    )
}

/** The state as last committed; `undefined` in an empty store. */
export function readState(rows: Rows): StoreState | undefined {
  const row = rows.get('meta', STATE_KEY)
  if (row === undefined) return undefined
  const value = asBuffer(row)
  const heartbeatMs = value.readDoubleBE(0)
  return {
    heartbeatMs,
    // Rows from before end here: then both were one.
    heardMs: value.length > STATE_BYTES ? value.readDoubleBE(STATE_BYTES) : heartbeatMs,
    earliestWallMs: value.length > HEARD_STATE_BYTES ? value.readDoubleBE(HEARD_STATE_BYTES) : undefined,
    nextRegistrationId: value.readDoubleBE(8),
    nextSequence: value.readDoubleBE(16),
    isClean: value.readUInt8(24) === 1,
  }
}

export function stateChange(state: StoreState & { readonly earliestWallMs: number }) {
  const value = Buffer.allocUnsafe(HEARD_STATE_BYTES + 8)
  value.writeDoubleBE(state.heartbeatMs, 0)
  value.writeDoubleBE(state.nextRegistrationId, 8)
  value.writeDoubleBE(state.nextSequence, 16)
  value.writeUInt8(state.isClean ? 1 : 0, 24)
  value.writeDoubleBE(state.heardMs, STATE_BYTES)
  value.writeDoubleBE(state.earliestWallMs, HEARD_STATE_BYTES)
  return { table: 'meta', key: STATE_KEY, value } as const
}
