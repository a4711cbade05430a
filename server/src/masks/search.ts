import type { Bound } from './bound.ts'
import {
  type Container,
  childOf,
  isArray,
  isContainer,
  isObject,
  type JsonArray,
  type JsonValue,
  type Key,
} from './json.ts'
import { Moves } from './moves.ts'
import type { Filter, Path, Segment, Selector } from './path.ts'
import { sliceCost, sliceIndexes } from './slice.ts'
import { KEY_STEPS, type Work } from './work.ts'

/** A place in an event: a value, and the key under which its parent has it (the root has neither). */
export type Location = {
  readonly value: JsonValue
  readonly key: Key
  readonly parent: Location | undefined
}

export type SearchOptions = {
  readonly bound: Bound
  /** Stop at so many. */
  readonly foundMax: number
  readonly work: Work
  /** Tells whether a filter holds for a value. */
  passes(filter: Filter, value: JsonValue): boolean
}

export type Found = {
  /** Each once. */
  readonly found: readonly Location[]
  /** Whether an object had no member of a name that it was to have. */
  readonly hasMissed: boolean
}

const SEARCH_STEPS = 60
const VISIT_STEPS = 12
/** For what is noted of the children of a container. */
const CONTAINER_STEPS = 20
const INDEX_STEPS = 20
const SELECTOR_STEPS = 10

/**
 * Walks once over what a path can reach, and meets each location once.
 *
 * A location carries the set of positions in the path at which it was reached, instead of each step making a
 * list of locations for the next: so `$..a..b..c` meets every location once, selects it once, and costs at
 * most the number of values times the number of segments. Filters come on top.
 */
export function search(path: Path, start: JsonValue, options: SearchOptions): Found {
  options.work.spend(SEARCH_STEPS)
  const walk = new Walk(path, options)
  walk.visit({ value: start, key: '', parent: undefined }, new Set([0]))
  return walk
}

/**
 * How far a path has come at a location: the numbers of segments that lead there. `n` segments in means that
 * the location is one the path selects.
 */
type Progress = ReadonlySet<number>

class Walk implements Found {
  readonly found: Location[] = []
  hasMissed = false
  readonly #segments: readonly Segment[]
  readonly #options: SearchOptions
  readonly #hasFilters: boolean

  constructor({ segments, hasFilters }: Path, options: SearchOptions) {
    this.#segments = segments
    this.#hasFilters = hasFilters
    this.#options = options
  }

  visit(location: Location, reached: Progress): void {
    const { value } = location
    const progress = this.#hasFilters && isObject(value) ? this.#passFilters(value, reached) : reached
    this.#options.work.spend(VISIT_STEPS + progress.size)
    if (progress.has(this.#segments.length)) this.found.push(location)
    if (!isContainer(value)) return
    this.#options.work.spend(CONTAINER_STEPS)
    const moves = new Moves()
    for (const index of progress) {
      const segment = this.#segments[index]
      if (segment !== undefined) this.#move(moves, segment, index, value)
    }
    this.#visitChildren(location, value, moves)
  }

  #visitChildren(parent: Location, container: Container, moves: Moves): void {
    const keys = moves.toEvery.size > 0 ? this.#keysOf(container) : moves.toSome.keys()
    for (const key of keys) {
      if (this.found.length >= this.#options.foundMax) return
      const value = childOf(container, key)
      if (value !== undefined) this.visit({ value, key, parent }, moves.to(key))
    }
  }

  #keysOf(container: Container): Iterable<Key> {
    if (isArray(container)) return container.keys()
    const keys = Object.keys(container)
    this.#options.work.spend(KEY_STEPS * keys.length)
    return keys
  }

  /** To Jayway a filter on an object tests the object itself, and what holds stays where it is. */
  #passFilters(value: JsonValue, reached: Progress): Progress {
    if (this.#options.bound === 'least') return reached
    const progress = new Set(reached)
    // A set's iteration goes on to what is added meanwhile: filters may follow each other.
    for (const index of progress) {
      const selectors = this.#segments[index]?.selectors ?? []
      if (selectors.some((selector) => this.#passes(selector, value))) progress.add(index + 1)
    }
    return progress
  }

  #passes(selector: Selector, value: JsonValue): boolean {
    return selector.kind === 'filter' && this.#options.passes(selector.filter, value)
  }

  #move(moves: Moves, segment: Segment, index: number, container: Container): void {
    if (segment.deep) {
      moves.toEvery.add(index)
      if (isArray(container) && this.#leapsIntoItems(segment, index, container)) moves.toEvery.add(index + 1)
    }
    for (const selector of segment.selectors) this.#moveBy(moves, selector, segment, index + 1, container)
  }

  /**
   * Where a step follows `..[…]`, Jayway takes it from every item of an array that has items or, with a filter, for
   * which itself the filter holds; with a name at the end it has mended that.
   */
  #leapsIntoItems({ selectors }: Segment, index: number, array: JsonArray): boolean {
    const next = this.#segments[index + 1]
    if (next === undefined || this.#options.bound === 'least') return false
    const isLastName =
      index + 2 === this.#segments.length && !next.deep && next.selectors.every(({ kind }) => kind === 'name')
    if (isLastName) return false
    return selectors.some(
      (selector) => selector.kind === 'index' || selector.kind === 'slice' || this.#passes(selector, array),
    )
  }

  #moveBy(moves: Moves, selector: Selector, segment: Segment, next: number, container: Container): void {
    this.#options.work.spend(SELECTOR_STEPS)
    if (selector.kind === 'every') moves.toEvery.add(next)
    else if (selector.kind === 'name') this.#moveToMember(moves, selector.name, segment, next, container)
    else if (selector.kind === 'filter') this.#moveByFilter(moves, selector, segment, next, container)
    else if (isArray(container)) {
      for (const key of this.#indexes(selector, container)) moves.add(key, next)
    }
  }

  #moveToMember(
    moves: Moves,
    name: string,
    { deep, selectors }: Segment,
    next: number,
    container: Container,
  ): void {
    if (isArray(container)) return
    moves.add(name, next)
    if ((!deep || selectors.length > 1) && !Object.hasOwn(container, name)) this.hasMissed = true
  }

  /** To RFC 9535 a filter tests members as well as items. Objects under a deep one are tested when they are met. */
  #moveByFilter(
    moves: Moves,
    selector: Selector,
    { deep }: Segment,
    next: number,
    container: Container,
  ): void {
    const { bound, work } = this.#options
    if (bound === 'least' && !isArray(container)) return
    for (const key of this.#keysOf(container)) {
      const value = childOf(container, key) ?? null
      work.spend(INDEX_STEPS)
      if (deep && bound === 'most' && isObject(value)) continue
      if (this.#passes(selector, value)) moves.add(key, next)
    }
  }

  /** The indexes a selector takes of an array; more than there are may be among them. */
  #indexes(selector: Selector, array: JsonArray): readonly number[] {
    if (selector.kind === 'index')
      return [selector.index < 0 ? array.length + selector.index : selector.index]
    if (selector.kind !== 'slice') return []
    this.#options.work.spend(INDEX_STEPS * (1 + sliceCost(selector, array.length)))
    return sliceIndexes(selector, array.length, this.#options.bound)
  }
}
