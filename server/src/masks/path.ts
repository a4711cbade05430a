import type { JsonValue } from './json.ts'
import type { Pattern } from './regex.ts'

/** One way to read a mask, or a path inside a filter. */
export type Path = {
  /** `$` is the event, `@` the value a filter tests. */
  readonly from: 'root' | 'current'
  readonly segments: readonly Segment[]
  /** A function at the end, which only paths inside a filter may have; all but `length` are `other`. */
  readonly call?: 'length' | 'other'
  /** How many steps at the beginning lead to one place at most. */
  readonly definiteSteps: number
  readonly hasFilters: boolean
}

/** One step: `deep` (`..`) takes it from the value and from everything under it. */
export type Segment = { readonly deep: boolean; readonly selectors: readonly Selector[] }

export type Slice = {
  readonly kind: 'slice'
  readonly start: number | undefined
  readonly end: number | undefined
  readonly step: number | undefined
}

export type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'every' }
  | { readonly kind: 'index'; readonly index: number }
  | Slice
  | { readonly kind: 'filter'; readonly filter: Filter }

export type Filter =
  | { readonly kind: 'or' | 'and'; readonly terms: readonly Filter[] }
  | { readonly kind: 'not'; readonly term: Filter }
  | { readonly kind: 'exists'; readonly path: Path }
  | { readonly kind: 'compare'; readonly left: Operand; readonly operator: Operator; readonly right: Operand }
  | { readonly kind: 'matches'; readonly operand: Operand; readonly pattern: Pattern }
  /** A test that parses and that nobody can answer. */
  | { readonly kind: 'doubt' }

export type Operand =
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'path'; readonly path: Path }

export type Operator =
  | '=='
  | '!='
  | '==='
  | '!=='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | 'nin'
  | 'subsetof'
  | 'anyof'
  | 'noneof'
  | 'all'
  | 'contains'
  | 'size'
  | 'empty'

/** A path with what evaluation wants to know of it at every turn. */
export function pathOf(from: Path['from'], segments: readonly Segment[], call?: Path['call']): Path {
  const first = segments.findIndex((segment) => !isSingle(segment))
  const definiteSteps = first === -1 ? segments.length : first
  const hasFilters = segments.some(({ selectors }) => selectors.some(({ kind }) => kind === 'filter'))
  return { from, segments, definiteSteps, hasFilters, ...(call === undefined ? {} : { call }) }
}

/** Tells whether a path names one place at most: in a comparison it stands for a value, any other for a list. */
export function isDefinite({ segments, definiteSteps }: Path): boolean {
  return definiteSteps === segments.length
}

function isSingle({ deep, selectors }: Segment): boolean {
  const [first] = selectors
  return !deep && selectors.length === 1 && (first?.kind === 'name' || first?.kind === 'index')
}
