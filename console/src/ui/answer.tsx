import type { ComponentChildren } from 'preact'
import type { BadgeTone } from './badge.tsx'

/** What a page is there to tell, in one line, big and plain; below it what belongs to that. */
export function Answer({
  tone,
  title,
  actions,
  children,
}: {
  readonly tone: BadgeTone
  readonly title: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children?: ComponentChildren
}) {
  return (
    <section class={`answer answer-${tone}`}>
      <div class="answer-said">
        <h2>{title}</h2>
        {children}
      </div>
      {actions !== undefined && <div class="row">{actions}</div>}
    </section>
  )
}
