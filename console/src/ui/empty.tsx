import type { ComponentChildren } from 'preact'

/** Says that there is nothing, and what would change that. */
export function Empty({
  title,
  children,
}: {
  readonly title: string
  readonly children?: ComponentChildren
}) {
  return (
    <div class="empty">
      <p>{title}</p>
      {children !== undefined && <p class="quiet">{children}</p>}
    </div>
  )
}
