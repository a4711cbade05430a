import { AuditIndex, type IndexedLine } from '../../audit-index.ts'
import type { AuditBounds } from '../../bounds.ts'
import type { AuditEntry, KeptAuditEntry } from '../../store.ts'
import { asBuffer } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { numberKey, readNumberKey } from '../keys.ts'
import type { Rows } from '../rows.ts'

const TIME_OFFSET = 8
const ORGANIZATION_OFFSET = 16

/** The audit log: which lines there are in memory, what they say on disk. */
export class AuditBook {
  readonly #journal: Journal
  readonly #index: AuditIndex
  #nextSequence = 1
  /** The commit that has the newest line. */
  #commit = 0

  constructor(journal: Journal, bounds: AuditBounds) {
    this.#journal = journal
    this.#index = new AuditIndex(bounds)
  }

  async load(rows: Rows): Promise<void> {
    await rows.scanKeys('audit', (key) => {
      const line = readKey(key)
      this.#index.add(line)
      this.#nextSequence = line.sequence + 1
    })
  }

  add({ atWallMs, organizationId, text }: AuditEntry): void {
    const line = { sequence: this.#nextSequence++, atWallMs, organizationId }
    this.#index.add(line)
    // A row is never empty.
    this.#journal.put('audit', keyOf(line), Buffer.from(` ${text}`))
    this.#commit = this.#journal.commitNumber
    this.#drop(this.#index.takeExcess())
  }

  async read(
    rows: Rows,
    wanted: {
      readonly organizationId: string | undefined
      readonly before: number
      readonly nowWallMs: number
      readonly max: number
    },
  ): Promise<readonly KeptAuditEntry[]> {
    const found = this.#index.newest(wanted.organizationId, wanted.before, wanted)
    if (!this.#journal.isDurable(this.#commit)) await this.#journal.durable()
    return found.flatMap((line) => {
      const row = rows.get('audit', keyOf(line))
      // It may have gone while this waited.
      return row === undefined ? [] : [{ ...line, text: asBuffer(row).toString('utf8', 1) }]
    })
  }

  prune(nowWallMs: number, max: number): void {
    this.#drop(this.#index.takeOld(nowWallMs, max))
  }

  #drop(lines: readonly IndexedLine[]): void {
    for (const line of lines) this.#journal.remove('audit', keyOf(line))
  }
}

/** All that is kept in memory stands in the key, so that a start reads no line. */
function keyOf({ sequence, atWallMs, organizationId }: IndexedLine): Buffer {
  return Buffer.concat([numberKey(sequence), numberKey(atWallMs), Buffer.from(organizationId)])
}

function readKey(key: Uint8Array): IndexedLine {
  const bytes = asBuffer(key)
  return {
    sequence: readNumberKey(bytes),
    atWallMs: readNumberKey(bytes.subarray(TIME_OFFSET)),
    organizationId: bytes.toString('utf8', ORGANIZATION_OFFSET),
  }
}
