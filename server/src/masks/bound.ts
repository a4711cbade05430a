/**
 * How a test is answered where Jayway and RFC 9535 differ, or where nobody can know. A mask takes whatever either
 * of them selects, so a filter is asked for the `most`: it holds where it may hold. What stands under a `!` is asked
 * for the `least`, and holds only where it must: there more would mean that less is masked.
 */
export type Bound = 'most' | 'least'

export function opposite(bound: Bound): Bound {
  return bound === 'most' ? 'least' : 'most'
}
