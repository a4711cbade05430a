import type { Journal } from '../journal/journal.ts'
import { mailboxKey, numberKey, readNumberKey } from '../keys.ts'
import type { Term } from '../registrations/record.ts'
import type { Rows } from '../rows.ts'
import { DueTerms } from './due-terms.ts'
import { encodeTerm } from './term-row.ts'

/**
 * The terms of all entries: which are due when, and the races. A race is the entries of one event that was sent
 * with `cancelOthers`: the first to be acknowledged ends it, and so does the end of the last of them. Its number
 * is the sequence of its first entry, and the cancelling event waits in a row of that number.
 */
export class TermBook {
  readonly due = new DueTerms()
  readonly #journal: Journal
  readonly #races = new Map<number, Set<Term>>()

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** Takes up what was loaded; a race that is over has no row any more. */
  async load(rows: Rows, terms: readonly Term[]): Promise<void> {
    await rows.scanKeys('races', (key) => void this.#races.set(readNumberKey(key), new Set()))
    for (const term of terms) this.#file(term)
  }

  /** A new entry has terms. */
  add(term: Term): void {
    this.#file(term)
    this.#journal.put('terms', keyOf(term), encodeTerm(term))
  }

  /** The entry is gone. */
  drop(term: Term): void {
    this.due.remove(term)
    this.#journal.remove('terms', keyOf(term))
    const race = this.#races.get(term.raceId)
    race?.delete(term)
    if (race?.size === 0) this.endRace(term.raceId)
  }

  /** Begins a race that the entries added next belong to. */
  startRace(raceId: number, row: Buffer): void {
    this.#races.set(raceId, new Set())
    this.#journal.put('races', numberKey(raceId), row)
  }

  /** The entries that still run a race, oldest registration first; none when it is over. */
  runners(raceId: number): readonly Term[] {
    return [...(this.#races.get(raceId) ?? [])]
  }

  endRace(raceId: number): void {
    if (this.#races.delete(raceId)) this.#journal.remove('races', numberKey(raceId))
  }

  #file(term: Term): void {
    this.due.add(term)
    this.#races.get(term.raceId)?.add(term)
  }
}

function keyOf({ record, sequence, payloadBytes }: Term): Buffer {
  return mailboxKey(record.registrationId, sequence, payloadBytes)
}
