import type { Resolved } from './compare.ts'
import { holds, type Scope } from './filter.ts'
import {
  type Container,
  childOf,
  isArray,
  isContainer,
  isObject,
  type JsonValue,
  type Key,
  keysOf,
} from './json.ts'
import { isDefinite, type Path, type Segment, type Selector } from './path.ts'
import type { Work } from './work.ts'

/** A place in an event: a value, and the key under which its parent has it (the root has neither). */
export type Location = {
  readonly value: JsonValue
  readonly key: Key
  readonly parent: Location | undefined
}

const VISIT_STEPS = 10

/**
 * How far a path has come at a location: the numbers of segments that lead there. `n` segments in means that
 * the location is one the path selects.
 */
type Progress = ReadonlySet<number>

/** One search: a single walk over what the path can reach, in which each location is met once. */
type Search = {
  readonly segments: readonly Segment[]
  readonly found: Location[]
  /** Stop at so many. */
  readonly foundMax: number
  readonly hasFilters: boolean
}

/**
 * Paths evaluated on one event.
 *
 * A location carries the set of positions in the path at which it was reached, instead of each step making a
 * list of locations for the next: so `$..a..b..c` meets every location once, selects it once, and costs at
 * most the number of values times the number of segments. Filters come on top; all of it is paid from `work`.
 */
export class Evaluation implements Scope {
  readonly work: Work
  readonly #event: JsonValue
  /** Paths in filters that start at `$` mean the same for every value tested. */
  readonly #fromRoot = new Map<Path, Resolved>()

  /** @param event nested no deeper than recursion can go */
  constructor(event: JsonValue, work: Work) {
    this.#event = event
    this.work = work
  }

  /** The locations that a mask selects, each once. */
  select(path: Path): readonly Location[] {
    return this.#search(path, this.#event, Number.POSITIVE_INFINITY)
  }

  exists(path: Path, current: JsonValue): boolean {
    return this.#search(path, this.#startOf(path, current), 1).length > 0
  }

  resolve(path: Path, current: JsonValue): Resolved {
    if (path.from === 'current') return this.#resolve(path, current)
    if (!this.#fromRoot.has(path)) this.#fromRoot.set(path, this.#resolve(path, this.#event))
    return this.#fromRoot.get(path)
  }

  #resolve(path: Path, start: JsonValue): Resolved {
    const values = this.#search(path, start, Number.POSITIVE_INFINITY).map(({ value }) => value)
    return isDefinite(path) ? values[0] : values
  }

  #startOf(path: Path, current: JsonValue): JsonValue {
    return path.from === 'root' ? this.#event : current
  }

  #search(path: Path, start: JsonValue, foundMax: number): readonly Location[] {
    const hasFilters = path.segments.some(({ selectors }) => selectors.some(({ kind }) => kind === 'filter'))
    const search = { segments: path.segments, found: [], foundMax, hasFilters }
    this.#visit(search, { value: start, key: '', parent: undefined }, new Set([0]))
    return search.found
  }

  #visit(search: Search, location: Location, reached: Progress): void {
    const { value } = location
    const progress =
      search.hasFilters && isObject(value) ? this.#passFilters(search, value, reached) : reached
    this.work.spend(VISIT_STEPS + progress.size)
    if (progress.has(search.segments.length)) search.found.push(location)
    if (!isContainer(value)) return
    const moves = new Moves()
    for (const index of progress) {
      const segment = search.segments[index]
      if (segment !== undefined) this.#move(moves, segment, index, value)
    }
    this.#visitChildren(search, location, value, moves)
  }

  #visitChildren(search: Search, parent: Location, container: Container, moves: Moves): void {
    const keys = moves.toEvery.size > 0 ? keysOf(container) : moves.toSome.keys()
    for (const key of keys) {
      if (search.found.length >= search.foundMax) return
      const value = childOf(container, key)
      if (value !== undefined) this.#visit(search, { value, key, parent }, moves.to(key))
    }
  }

  /** Unlike in RFC 9535, a filter on an object tests the object itself, and what holds stays where it is. */
  #passFilters(search: Search, value: JsonValue, reached: Progress): Progress {
    const progress = new Set(reached)
    // A set's iteration goes on to what is added meanwhile: filters may follow each other.
    for (const index of progress) {
      const selectors = search.segments[index]?.selectors ?? []
      if (selectors.some((selector) => this.#passes(selector, value))) progress.add(index + 1)
    }
    return progress
  }

  #passes(selector: Selector, value: JsonValue): boolean {
    return selector.kind === 'filter' && holds(selector.filter, value, this)
  }

  #move(moves: Moves, segment: Segment, index: number, container: Container): void {
    if (segment.deep) moves.toEvery.add(index)
    for (const selector of segment.selectors) this.#moveBy(moves, selector, index + 1, container)
  }

  #moveBy(moves: Moves, selector: Selector, next: number, container: Container): void {
    this.work.spend(1)
    if (selector.kind === 'every') moves.toEvery.add(next)
    else if (selector.kind === 'name') {
      if (!isArray(container)) moves.add(selector.name, next)
    } else if (isArray(container)) {
      for (const key of this.#indexes(selector, container)) moves.add(key, next)
    }
  }

  /** The indexes a selector takes of an array; more than there are may be among them. */
  #indexes(selector: Selector, array: readonly JsonValue[]): readonly number[] {
    if (selector.kind === 'index') return [fromEnd(selector.index, array.length)]
    this.work.spend(array.length)
    const indexes = [...array.keys()]
    if (selector.kind === 'slice') {
      const { start = 0, end = array.length } = selector
      return indexes.slice(start, end)
    }
    return indexes.filter((index) => this.#passes(selector, array[index] ?? null))
  }
}

/** How far the path comes with the children of a container. */
class Moves {
  readonly toEvery = new Set<number>()
  readonly toSome = new Map<Key, Set<number>>()

  add(key: Key, index: number): void {
    const indexes = this.toSome.get(key)
    if (indexes === undefined) this.toSome.set(key, new Set([index]))
    else indexes.add(index)
  }

  to(key: Key): Progress {
    const indexes = this.toSome.get(key)
    if (indexes === undefined) return this.toEvery
    return this.toEvery.size === 0 ? indexes : new Set([...this.toEvery, ...indexes])
  }
}

function fromEnd(index: number, length: number): number {
  return index < 0 ? length + index : index
}
