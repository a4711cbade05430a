import { compares, type Resolved } from './compare.ts'
import { isArray, type JsonValue } from './json.ts'
import type { Filter, Operand, Path } from './path.ts'
import type { Pattern } from './regex.ts'
import type { Work } from './work.ts'

/** For each character and instruction, as if every character met a state of the automaton that is not built yet. */
const MATCH_STEPS = 4

/** What a filter needs of the evaluation it is part of. */
export interface Scope {
  readonly work: Work
  /** What a path of the filter stands for, `undefined` where it leads nowhere. */
  resolve(path: Path, current: JsonValue): Resolved
  /** Tells whether a path of the filter leads anywhere. */
  exists(path: Path, current: JsonValue): boolean
}

/** Tells whether a filter holds for `current`, which `@` stands for. */
export function holds(filter: Filter, current: JsonValue, scope: Scope): boolean {
  scope.work.spend(1)
  switch (filter.kind) {
    case 'or':
      return filter.terms.some((term) => holds(term, current, scope))
    case 'and':
      return filter.terms.every((term) => holds(term, current, scope))
    case 'not':
      return !holds(filter.term, current, scope)
    case 'exists':
      return scope.exists(filter.path, current)
    case 'compare':
      return compares(
        resolve(filter.left, current, scope),
        filter.operator,
        resolve(filter.right, current, scope),
        scope.work,
      )
    case 'matches':
      return matches(filter.pattern, resolve(filter.operand, current, scope), scope.work)
  }
}

function resolve(operand: Operand, current: JsonValue, scope: Scope): Resolved {
  return operand.kind === 'literal' ? operand.value : scope.resolve(operand.path, current)
}

/** A list matches where one of its items does. */
function matches(pattern: Pattern, value: Resolved, work: Work): boolean {
  const texts = value !== undefined && isArray(value) ? value.map(textOf) : [textOf(value)]
  return texts.some((text) => {
    work.spend((text.length + 1) * pattern.instructions * MATCH_STEPS)
    return pattern.matches(text)
  })
}

/** As in Jayway, what is no scalar is an empty text, what is missing included. */
function textOf(value: Resolved): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
