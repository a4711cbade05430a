import { encodeFields, FieldReader } from '../fields.ts'
import { numberKey } from '../keys.ts'
import type { RowChange } from '../rows.ts'

/** Above this what is in a block is not told apart: its records are nobody's, and go together. Former versions made such. */
const BLOCK_BYTES_MAX = 4 * 1024 * 1024
/** Whose something is of which it is not known. */
export const NOBODY = ''

type Counter = { bytes: number }

/** Whose the records of a block are, while it is filled. Costs a comparison for each record of the same organization. */
export class Owners {
  readonly #counters = new Map<string, Counter>()
  #last: Counter = { bytes: 0 }
  #lastId: string | undefined

  add(organizationId: string, bytes: number): void {
    if (organizationId !== this.#lastId) {
      this.#last = this.#counterOf(organizationId)
      this.#lastId = organizationId
    }
    this.#last.bytes += bytes
  }

  of(organizationId: string): number {
    return this.#counters.get(organizationId)?.bytes ?? 0
  }

  list(): readonly Owner[] {
    const all = [...this.#counters].map(([organizationId, { bytes }]) => ({ organizationId, bytes }))
    return all.filter(({ bytes }) => bytes !== 0)
  }

  #counterOf(organizationId: string): Counter {
    const known = this.#counters.get(organizationId)
    if (known !== undefined) return known
    const counter = { bytes: 0 }
    this.#counters.set(organizationId, counter)
    return counter
  }
}

/** @param blockBytes what the block takes in all */
export function ownersOf(owners: Owners, blockBytes: number): readonly Owner[] {
  return blockBytes > BLOCK_BYTES_MAX ? [{ organizationId: NOBODY, bytes: blockBytes }] : owners.list()
}

export type Owner = { readonly organizationId: string; readonly bytes: number }

/** Where a closed block of the index and its chunks are, and whose its records are. */
export type ToldBlock = {
  readonly number: number
  readonly firstChunk: number
  readonly chunks: number
  /** Ids of its records are from the first to below the end; some between them may be gone. */
  readonly firstRecordId: number
  readonly endRecordId: number
  /** Mailbox sequences of its records are from the first to the last; none where the first is larger. */
  readonly firstSequence: number
  readonly lastSequence: number
  /** What its chunks are reckoned to take, and this row. */
  readonly bytes: number
  readonly owners: readonly Owner[]
}

const OWNER_BYTES = 12

/** What the row of a block is reckoned to take. */
export function ownersBytes(owners: readonly Owner[]): number {
  return owners.reduce((sum, { organizationId }) => sum + OWNER_BYTES + organizationId.length, 64)
}

export function ownersChange(block: ToldBlock): RowChange & { readonly value: Buffer } {
  const { firstChunk, chunks, firstRecordId, endRecordId, firstSequence, lastSequence, bytes } = block
  const place = [firstChunk, chunks, firstRecordId, endRecordId, firstSequence, lastSequence, bytes]
  const owners = block.owners.flatMap((owner) => [owner.organizationId, owner.bytes])
  return { table: 'historyOwners', key: numberKey(block.number), value: encodeFields([...place, ...owners]) }
}

export function ownersRemoval(number: number): RowChange {
  return { table: 'historyOwners', key: numberKey(number), value: undefined }
}

export function readOwners(number: number, value: Uint8Array): ToldBlock {
  const row = new FieldReader(value)
  const place = {
    ...{ number, firstChunk: row.number(), chunks: row.number() },
    ...{ firstRecordId: row.number(), endRecordId: row.number() },
    ...{ firstSequence: row.number(), lastSequence: row.number(), bytes: row.number() },
  }
  const owners: Owner[] = []
  while (!row.isAtEnd) owners.push({ organizationId: row.text(), bytes: row.number() })
  return { ...place, owners }
}
