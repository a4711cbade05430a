import type { HistoryBounds } from '../../bounds.ts'
import type { ItemOf } from '../../move/items.ts'
import type { Numbering } from '../../move/numbering.ts'
import { HistoryBook } from '../history/history-book.ts'
import type { StoredPart } from '../history/history-record.ts'
import type { Commit } from '../journal/commit.ts'
import type { Rows } from '../rows.ts'

/** The history as it comes from another store: written by what writes it while a server runs. */
export class HistoryTarget {
  readonly #book: HistoryBook
  readonly #numbering: Numbering
  /** Of records that a call refers to. */
  readonly #ids = new Map<number, number>()

  private constructor(book: HistoryBook, numbering: Numbering) {
    this.#book = book
    this.#numbering = numbering
  }

  static async open(
    rows: Rows,
    bounds: HistoryBounds,
    { numbering, firstSequence }: { readonly numbering: Numbering; readonly firstSequence: number },
  ): Promise<HistoryTarget> {
    // Whoever commits waits for it.
    const book = await HistoryBook.open({ rows, bounds, isDurable: () => true }, firstSequence)
    return new HistoryTarget(book, numbering)
  }

  get waitingBytes(): number {
    return this.#book.waitingBytes
  }

  add({ recordId, endpoints, answered, ...draft }: ItemOf<'record'>): void {
    const id = this.#book.nextRecordId
    if (this.#numbering.isCalled(recordId)) this.#ids.set(recordId, id)
    const parts = endpoints.map(({ userEndpointId, at }, part): StoredPart => {
      const sequence = this.#numbering.sequenceOf(recordId, part)
      return { userEndpointId, sequence, at: sequence === 0 ? at : at.slice(0, 1) }
    })
    this.#book.addMoved({ draft, parts })
    // What is still to come of an entry is told from what has come of it.
    for (const [part, { sequence }] of parts.entries())
      if (sequence > 0)
        for (const { outcome, atWallMs, reason } of endpoints[part]?.at.slice(1) ?? [])
          this.#book.pages.note(sequence, outcome, atWallMs, reason)
    if (answered !== undefined) this.#book.noteAnswer(draft.organizationId, id, answered)
  }

  /** The number here of a record that a call refers to; 0: it is gone. */
  idOf(recordId: number): number {
    return this.#ids.get(recordId) ?? 0
  }

  writeInto(commit: Commit): void {
    this.#book.writeInto(commit)
    this.#book.tidy()
  }
}
