import type { Resolved } from './compare.ts'
import { childOf, isArray, isContainer, isObject, type JsonValue } from './json.ts'
import { definiteSteps, type Path, type Segment, type Selector } from './path.ts'
import type { Work } from './work.ts'

/** What is where the first `steps` steps of a path lead, each of which must lead to one place at most. */
export function valueAt(path: Path, start: JsonValue, steps = path.segments.length): Resolved {
  let value: Resolved = start
  for (const { selectors } of path.segments.slice(0, steps)) {
    if (value === undefined || !isContainer(value)) return undefined
    value = selectors[0] && childAt(value, selectors[0])
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
  const steps = definiteSteps(path)
  const value = valueAt(path, start, steps)
  const next = path.segments[steps]
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
export function lengthOf(value: Resolved, work: Work): readonly Resolved[] {
  if (value === undefined) return [undefined]
  if (isArray(value)) return [value.length]
  if (isContainer(value)) {
    const { length } = Object.keys(value)
    work.spend(length)
    return [length]
  }
  return typeof value === 'string' ? [null, value.length] : [null]
}
