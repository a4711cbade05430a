import { hasRoom, type PageStack } from './page-stack.ts'

/** The ways from one page of a list to the next. */
export function Pager({
  stack,
  nextCursor,
  onNewest,
  onNewer,
  onOlder,
}: {
  readonly stack: PageStack
  /** `undefined`: there is no older page, or it is not known yet. */
  readonly nextCursor: string | undefined
  readonly onNewest: () => void
  readonly onNewer: () => void
  readonly onOlder: (nextCursor: string) => void
}) {
  const isFirst = stack.length === 0
  if (isFirst && nextCursor === undefined) return null
  const hasOlder = nextCursor !== undefined && hasRoom(stack)
  return (
    <nav class="pager" aria-label="Pages of events">
      <button type="button" class="button button-small" disabled={isFirst} onClick={onNewest}>
        Newest
      </button>
      <span class="row">
        <button type="button" class="button button-small" disabled={isFirst} onClick={onNewer}>
          Newer
        </button>
        <button
          type="button"
          class="button button-small"
          // Not `disabled`, which would take the focus away while the page is under way.
          aria-disabled={!hasOlder}
          onClick={() => hasOlder && onOlder(nextCursor)}
        >
          Older
        </button>
      </span>
    </nav>
  )
}
