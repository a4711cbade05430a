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
      const line = readAuditKey(key)
      this.#index.add(line)
      this.#nextSequence = line.sequence + 1
    })
  }

  add({ atWallMs, organizationId, text }: AuditEntry): void {
    const line = { sequence: this.#nextSequence++, atWallMs, organizationId }
    this.#index.add(line)
    const { table, key, value } = auditRow(line, text)
    this.#journal.put(table, key, value)
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
      return row === undefined ? [] : [{ ...line, text: auditText(row) }]
    })
  }

  prune(nowWallMs: number, max: number): void {
    this.#drop(this.#index.takeOld(nowWallMs, max))
  }

  #drop(lines: readonly IndexedLine[]): void {
    for (const line of lines) this.#journal.remove('audit', keyOf(line))
  }
}

/** A row is never empty. */
export function auditRow(line: IndexedLine, text: string) {
  return { table: 'audit', key: keyOf(line), value: Buffer.from(` ${text}`) } as const
}

export function auditText(row: Uint8Array): string {
  return asBuffer(row).toString('utf8', 1)
}

/** All that is kept in memory stands in the key, so that a start reads no line. */
function keyOf({ sequence, atWallMs, organizationId }: IndexedLine): Buffer {
  return Buffer.concat([numberKey(sequence), numberKey(atWallMs), Buffer.from(organizationId)])
}

export function readAuditKey(key: Uint8Array): IndexedLine {
  const bytes = asBuffer(key)
  return {
    sequence: readNumberKey(bytes),
    atWallMs: readNumberKey(bytes.subarray(TIME_OFFSET)),
    organizationId: bytes.toString('utf8', ORGANIZATION_OFFSET),
  }
}
