import type { Bound } from './bound.ts'
import { Alternatives, type Resolved } from './compare.ts'
import { holds, type Scope } from './filter.ts'
import { leadsSomewhere, lengthOf, valueAt } from './jayway.ts'
import type { JsonValue } from './json.ts'
import { isDefinite, type Path, type Segment } from './path.ts'
import { type Location, search } from './search.ts'
import type { Work } from './work.ts'

/** Paths evaluated on one event. What they and their filters take is paid from `work`. */
export class Evaluation implements Scope {
  readonly work: Work
  readonly #event: JsonValue
  /** Paths in filters that start at `$` mean the same for every value tested. */
  readonly #fromRoot = new Map<Path, Resolved | Alternatives>()

  /** @param event nested no deeper than recursion can go */
  constructor(event: JsonValue, work: Work) {
    this.#event = event
    this.work = work
  }

  /** The locations that a mask selects, by Jayway or by RFC 9535, each once. */
  select(path: Path): readonly Location[] {
    return this.#search(path, this.#event, 'most').found
  }

  /**
   * To RFC 9535 a path exists where it leads to something. To Jayway one that may lead to several places exists as
   * soon as the part before that leads somewhere, unless a name is missing further on.
   */
  exists(path: Path, current: JsonValue, bound: Bound): boolean {
    const start = path.from === 'root' ? this.#event : current
    this.work.spend(path.segments.length)
    if (isDefinite(path)) return valueAt(path, start) !== undefined
    if (bound === 'most')
      return leadsSomewhere(path, start) || this.#search(path, start, 'most', 1).found.length > 0
    if (this.#search(path, start, 'least', 1).found.length === 0) return false
    return !this.#search(path, start, 'most').hasMissed
  }

  resolve(path: Path, current: JsonValue, isOrdered: boolean): Resolved | Alternatives {
    if (path.from === 'current') return this.#resolve(path, current, isOrdered)
    if (this.#fromRoot.has(path)) return this.#fromRoot.get(path)
    const found = this.#resolve(path, this.#event, isOrdered)
    this.#fromRoot.set(path, found)
    return found
  }

  #resolve(path: Path, start: JsonValue, isOrdered: boolean): Resolved | Alternatives {
    this.work.spend(path.segments.length)
    if (path.call === 'length') return lengthOf(valueAt(path, start), this.work)
    if (path.call === 'other') return ANYTHING
    return isDefinite(path) ? valueAt(path, start) : this.#list(path, start, isOrdered)
  }

  /** The list that a path stands for which may lead to several places. */
  #list(path: Path, start: JsonValue, isOrdered: boolean): Resolved | Alternatives {
    // Nothing to Jayway, and an empty list to everybody else.
    if (!leadsSomewhere(path, start)) return new Alternatives([undefined, []])
    if (path.segments.some(hasSeveralNames)) return ANYTHING
    const { found } = this.#search(path, start, 'most')
    // In which order, and how often, is Jayway's secret.
    if (isOrdered && found.length > 1 && path.segments.some(({ deep }) => deep)) return ANYTHING
    const isSure = !isUnsure(path) || this.#search(path, start, 'least').found.length === found.length
    return isSure ? found.map(({ value }) => value) : ANYTHING
  }

  #search(path: Path, start: JsonValue, bound: Bound, foundMax = Number.POSITIVE_INFINITY) {
    const passes = (filter: Parameters<typeof holds>[0], value: JsonValue): boolean =>
      holds(filter, value, this, bound)
    return search(path, start, { bound, foundMax, work: this.work, passes })
  }
}

const ANYTHING = new Alternatives([])

/** Jayway makes one object of them. */
function hasSeveralNames({ selectors }: Segment): boolean {
  return selectors.length > 1 && selectors.some(({ kind }) => kind === 'name')
}

/** Tells whether Jayway and RFC 9535 may lead to different places. */
function isUnsure({ segments }: Path): boolean {
  return segments.some(({ selectors }) => selectors.some(({ kind }) => kind === 'filter' || kind === 'slice'))
}
