import { count } from '../format.ts'
import type { Part } from './parts.ts'

/** The ways from one part of a list to the next; nothing where all of it is shown. */
export function Turner({
  label,
  part,
  of,
  onTurn,
}: {
  /** What the parts are of, for who cannot see them. */
  readonly label: string
  readonly part: Part
  /** How many there are. */
  readonly of: number
  readonly onTurn: (page: number) => void
}) {
  const { from, to, page, pages } = part
  if (pages === 1) return null
  const isLast = page === pages - 1
  return (
    <nav class="pager" aria-label={label}>
      <span class="quiet small number" role="status">
        {count(from + 1)}–{count(to)} of {count(of)}
      </span>
      <span class="row">
        <button
          type="button"
          class="button button-small"
          aria-disabled={page === 0}
          onClick={() => page > 0 && onTurn(page - 1)}
        >
          Previous
        </button>
        <button
          type="button"
          class="button button-small"
          aria-disabled={isLast}
          onClick={() => !isLast && onTurn(page + 1)}
        >
          Next
        </button>
      </span>
    </nav>
  )
}
