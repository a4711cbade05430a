import type { ComponentChildren } from 'preact'

export type BadgeTone = 'neutral' | 'good' | 'busy' | 'bad'

/** A word about a state. Its meaning is in the word; the colour only repeats it. */
export function Badge({
  tone,
  children,
}: {
  readonly tone: BadgeTone
  readonly children: ComponentChildren
}) {
  return <span class={`badge badge-${tone}`}>{children}</span>
}
