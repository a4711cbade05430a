import { type Bound, opposite } from './bound.ts'
import { compares, isOddItem, type Resolved } from './compare.ts'
import { isArray, type JsonValue } from './json.ts'
import type { Filter, Operand, Operator, Path } from './path.ts'
import type { Pattern } from './regex.ts'
import type { Work } from './work.ts'

/** What a path in a comparison may stand for, each of it once; `anything` where nobody can tell. */
export type Alternatives = readonly Resolved[] | 'anything'

/** What a filter needs of the evaluation it is part of. */
export interface Scope {
  readonly work: Work
  /** @param isOrdered whether the order of what a path leads to matters */
  resolve(path: Path, current: JsonValue, isOrdered: boolean): Alternatives
  /** Tells whether a path of the filter leads anywhere. */
  exists(path: Path, current: JsonValue, bound: Bound): boolean
}

/** Tells whether a filter holds for `current`, which `@` stands for. */
export function holds(filter: Filter, current: JsonValue, scope: Scope, bound: Bound): boolean {
  scope.work.spend(FILTER_STEPS)
  switch (filter.kind) {
    case 'or':
      return filter.terms.some((term) => holds(term, current, scope, bound))
    case 'and':
      return filter.terms.every((term) => holds(term, current, scope, bound))
    case 'not':
      return !holds(filter.term, current, scope, opposite(bound))
    case 'exists':
      return scope.exists(filter.path, current, bound)
    case 'compare': {
      const isOrdered = ORDERED.has(filter.operator)
      const left = resolve(filter.left, current, scope, isOrdered)
      const right = resolve(filter.right, current, scope, isOrdered)
      return comparesAny(left, filter.operator, right, scope.work, bound)
    }
    case 'matches':
      return matchesAny(filter.pattern, resolve(filter.operand, current, scope, false), scope.work, bound)
    case 'doubt':
      return bound === 'most'
  }
}

const FILTER_STEPS = 5

const ORDERED: ReadonlySet<Operator> = new Set(['==', '!=', '===', '!==', 'size'])

function resolve(operand: Operand, current: JsonValue, scope: Scope, isOrdered: boolean): Alternatives {
  return operand.kind === 'literal' ? [operand.value] : scope.resolve(operand.path, current, isOrdered)
}

/** Asked for the most one alternative is enough, for the least all must do. */
function comparesAny(
  left: Alternatives,
  operator: Operator,
  right: Alternatives,
  work: Work,
  bound: Bound,
): boolean {
  if (left === 'anything' || right === 'anything') return bound === 'most'
  const ofPair = (one: Resolved, other: Resolved): boolean => compares(one, operator, other, bound, work)
  return bound === 'most'
    ? left.some((one) => right.some((other) => ofPair(one, other)))
    : left.every((one) => right.every((other) => ofPair(one, other)))
}

function matchesAny(pattern: Pattern, values: Alternatives, work: Work, bound: Bound): boolean {
  if (values === 'anything') return bound === 'most'
  const ofOne = (value: Resolved): boolean => matches(pattern, value, work, bound)
  return bound === 'most' ? values.some(ofOne) : values.every(ofOne)
}

/** A list matches where one of its items does. */
function matches(pattern: Pattern, value: Resolved, work: Work, bound: Bound): boolean {
  if (value === undefined || !isArray(value)) return matchesOne(pattern, value, work, bound)
  return value.some((item) =>
    isOddItem(item, work) ? bound === 'most' : matchesOne(pattern, item, work, bound),
  )
}

function matchesOne(pattern: Pattern, value: Resolved, work: Work, bound: Bound): boolean {
  const ofText = (text: string): boolean => {
    work.spend(pattern.stepsFor(text.length))
    return pattern.matches(text)
  }
  const texts = textsOf(value)
  return bound === 'most' ? texts.some(ofText) : texts.every(ofText)
}

/** As in Jayway, what is no scalar is an empty text, what is missing included. `1` may have been sent as `1.0`. */
function textsOf(value: Resolved): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number')
    return Number.isInteger(value) ? [String(value), `${value}.0`] : [String(value)]
  return [typeof value === 'boolean' ? String(value) : '']
}
