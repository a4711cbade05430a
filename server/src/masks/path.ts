import type { JsonValue } from './json.ts'
import type { Pattern } from './regex.ts'

/** A parsed mask, or a path inside a filter. */
export type Path = {
  /** `$` is the event, `@` the value a filter tests. */
  readonly from: 'root' | 'current'
  readonly segments: readonly Segment[]
}

/** One step: `deep` (`..`) takes it from the value and from everything under it. */
export type Segment = { readonly deep: boolean; readonly selectors: readonly Selector[] }

export type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'every' }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly start: number | undefined; readonly end: number | undefined }
  | { readonly kind: 'filter'; readonly filter: Filter }

export type Filter =
  | { readonly kind: 'or' | 'and'; readonly terms: readonly Filter[] }
  | { readonly kind: 'not'; readonly term: Filter }
  | { readonly kind: 'exists'; readonly path: Path }
  | { readonly kind: 'compare'; readonly left: Operand; readonly operator: Operator; readonly right: Operand }
  | { readonly kind: 'matches'; readonly operand: Operand; readonly pattern: Pattern }

export type Operand =
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'path'; readonly path: Path }

export type Operator =
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | 'nin'
  | 'subsetof'
  | 'anyof'
  | 'noneof'
  | 'size'
  | 'empty'

/** Tells whether a path names one place at most: in a comparison it stands for a value, any other for a list. */
export function isDefinite(path: Path): boolean {
  return path.segments.every(({ deep, selectors }) => {
    const [first] = selectors
    return !deep && selectors.length === 1 && (first?.kind === 'name' || first?.kind === 'index')
  })
}
