import { type Bound, opposite } from './bound.ts'
import { Alternatives, compares, isOddItem, type Resolved } from './compare.ts'
import { isArray, type JsonValue } from './json.ts'
import type { Filter, Operand, Operator, Path } from './path.ts'
import type { Pattern } from './regex.ts'
import type { Work } from './work.ts'

/** What a filter needs of the evaluation it is part of. */
export interface Scope {
  readonly work: Work
  /** @param isOrdered whether the order of what a path leads to matters */
  resolve(path: Path, current: JsonValue, isOrdered: boolean): Resolved | Alternatives
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
    case 'compare':
      return comparison(filter, current, scope, bound)
    case 'matches':
      return matchesAny(filter.pattern, resolve(filter.operand, current, scope, false), scope.work, bound)
    case 'doubt':
      return bound === 'most'
  }
}

const FILTER_STEPS = 10

const ORDERED: ReadonlySet<Operator> = new Set(['==', '!=', '===', '!==', 'size'])

function resolve(
  operand: Operand,
  current: JsonValue,
  scope: Scope,
  isOrdered: boolean,
): Resolved | Alternatives {
  return operand.kind === 'literal' ? operand.value : scope.resolve(operand.path, current, isOrdered)
}

function comparison(
  { left, operator, right }: Filter & { readonly kind: 'compare' },
  current: JsonValue,
  scope: Scope,
  bound: Bound,
): boolean {
  const isOrdered = ORDERED.has(operator)
  const one = resolve(left, current, scope, isOrdered)
  const other = resolve(right, current, scope, isOrdered)
  return anyOf(one, bound, (value) =>
    anyOf(other, bound, (second) => compares(value, operator, second, bound, scope.work)),
  )
}

/** Asked for the most one alternative is enough, for the least all must do. */
function anyOf(value: Resolved | Alternatives, bound: Bound, test: (value: Resolved) => boolean): boolean {
  if (!(value instanceof Alternatives)) return test(value)
  if (value.values.length === 0) return bound === 'most'
  return bound === 'most' ? value.values.some(test) : value.values.every(test)
}

function matchesAny(pattern: Pattern, value: Resolved | Alternatives, work: Work, bound: Bound): boolean {
  return anyOf(value, bound, (one) => matches(pattern, one, work, bound))
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
