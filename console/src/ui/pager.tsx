import { FIRST_PAGE, hasRoom, newer, older, type PageStack } from './page-stack.ts'

/** What the ways are called, in the order of the list. */
export type PagerNames = {
  /** What the pages are of, for who cannot see them. */
  readonly label: string
  readonly first: string
  readonly back: string
  readonly on: string
}

/** The ways from one page of a list to the next. */
export function Pager({
  names,
  stack,
  nextCursor,
  onWalk,
}: {
  readonly names: PagerNames
  readonly stack: PageStack
  /** `undefined`: there is no further page, or it is not known yet. */
  readonly nextCursor: string | undefined
  readonly onWalk: (stack: PageStack) => void
}) {
  const isFirst = stack.length === 0
  if (isFirst && nextCursor === undefined) return null
  const goesOn = nextCursor !== undefined && hasRoom(stack)
  return (
    <nav class="pager" aria-label={names.label}>
      <button type="button" class="button button-small" disabled={isFirst} onClick={() => onWalk(FIRST_PAGE)}>
        {names.first}
      </button>
      <span class="row">
        <button
          type="button"
          class="button button-small"
          disabled={isFirst}
          onClick={() => onWalk(newer(stack))}
        >
          {names.back}
        </button>
        <button
          type="button"
          class="button button-small"
          // Not `disabled`, which would take the focus away while the page is under way.
          aria-disabled={!goesOn}
          onClick={() => goesOn && onWalk(older(stack, nextCursor))}
        >
          {names.on}
        </button>
      </span>
    </nav>
  )
}
