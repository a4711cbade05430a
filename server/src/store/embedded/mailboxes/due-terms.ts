import { NOT_DUE, type Term } from '../registrations/record.ts'

/**
 * The terms whose entries have a time of their own, earliest first, as a binary heap. Each knows its place, so
 * that one whose entry is acknowledged leaves at once: there are never more than entries that wait.
 */
export class DueTerms {
  readonly #terms: Term[] = []

  get first(): Term | undefined {
    return this.#terms[0]
  }

  add(term: Term): void {
    if (term.dueAtWallMs === Number.POSITIVE_INFINITY) return
    this.#put(term, this.#terms.length)
    this.#rise(term)
  }

  remove(term: Term): void {
    const index = term.heapIndex
    if (index === NOT_DUE) return
    term.heapIndex = NOT_DUE
    const last = this.#terms.pop()
    if (last === undefined || last === term) return
    this.#put(last, index)
    this.#rise(last)
    this.#sink(last)
  }

  postpone(term: Term, dueAtWallMs: number): void {
    this.remove(term)
    term.dueAtWallMs = dueAtWallMs
    this.add(term)
  }

  #put(term: Term, index: number): void {
    this.#terms[index] = term
    term.heapIndex = index
  }

  #rise(term: Term): void {
    while (term.heapIndex > 0) {
      const parent = this.#terms[(term.heapIndex - 1) >> 1]
      if (parent === undefined || !isEarlier(term, parent)) return
      this.#swap(term, parent)
    }
  }

  #sink(term: Term): void {
    for (;;) {
      const child = this.#earlier(this.#terms[2 * term.heapIndex + 1], this.#terms[2 * term.heapIndex + 2])
      if (child === undefined || !isEarlier(child, term)) return
      this.#swap(term, child)
    }
  }

  #earlier(left: Term | undefined, right: Term | undefined): Term | undefined {
    if (left === undefined || right === undefined) return left
    return isEarlier(right, left) ? right : left
  }

  #swap(a: Term, b: Term): void {
    const index = a.heapIndex
    this.#put(a, b.heapIndex)
    this.#put(b, index)
  }
}

function isEarlier(a: Term, b: Term): boolean {
  return a.dueAtWallMs < b.dueAtWallMs || (a.dueAtWallMs === b.dueAtWallMs && a.sequence < b.sequence)
}
