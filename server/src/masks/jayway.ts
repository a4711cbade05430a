import { Alternatives, countMembers, type Resolved } from './compare.ts'
import { childOf, isArray, isContainer, isObject, type JsonValue } from './json.ts'
import type { Path, Segment, Selector } from './path.ts'
import type { Work } from './work.ts'

/** What is where the first `steps` steps of a path lead, each of which must lead to one place at most. */
export function valueAt({ segments }: Path, start: JsonValue, steps = segments.length): Resolved {
  let value: Resolved = start
  for (let at = 0; at < steps && value !== undefined; at++) {
    const selector = segments[at]?.selectors[0]
    value = selector && childAt(value, selector)
  }
  return value
}

function childAt(value: JsonValue, selector: Selector): Resolved {
  if (!isContainer(value)) return undefined
  if (selector.kind === 'name') return childOf(value, selector.name)
  if (selector.kind !== 'index' || !isArray(value)) return undefined
  return value[selector.index < 0 ? value.length + selector.index : selector.index]
}

/** Tells whether a path exists to Jayway, if no name is missing further on: see `Evaluation.exists`. */
export function leadsSomewhere(path: Path, start: JsonValue): boolean {
  const value = valueAt(path, start, path.definiteSteps)
  const next = path.segments[path.definiteSteps]
  return value !== undefined && (next === undefined || mayApply(next, value))
}

/** Steps that may lead to several places. */
function mayApply({ deep, selectors }: Segment, value: JsonValue): boolean {
  if (deep) return true
  return selectors.some(({ kind }) => {
    if (kind === 'every') return true
    if (kind === 'filter') return isContainer(value)
    return kind === 'name' ? isObject(value) : isArray(value)
  })
}

/** `length()`: Jayway counts members and items, and has none for anything else; a text has one all the same. */
export function lengthOf(value: Resolved, work: Work): Resolved | Alternatives {
  if (value === undefined) return undefined
  if (isArray(value)) return value.length
  if (isContainer(value)) return countMembers(value, work)
  return typeof value === 'string' ? new Alternatives([null, value.length]) : null
}
