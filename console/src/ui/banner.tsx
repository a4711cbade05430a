import type { ComponentChildren } from 'preact'
import type { Problem } from '../api/problem.ts'

type Tone = 'danger' | 'warning' | 'success' | 'info'

/** Says something that concerns the whole of what follows; read aloud where it appears. */
export function Banner({
  tone,
  title,
  children,
}: {
  readonly tone: Tone
  readonly title: string
  readonly children?: ComponentChildren
}) {
  return (
    <div class={`banner banner-${tone}`} role={tone === 'danger' ? 'alert' : 'status'}>
      <strong>{title}</strong>
      {children !== undefined && <div>{children}</div>}
    </div>
  )
}

/** What went wrong, with the fields that were refused. Nothing where nothing did. */
export function ProblemBanner({ problem }: { readonly problem: Problem | undefined }) {
  if (problem === undefined) return null
  return (
    <Banner tone={problem.isPassing ? 'warning' : 'danger'} title={problem.title}>
      {problem.detail}
      {problem.fields.size > 0 && (
        <ul>
          {[...problem.fields].map(([name, expected]) => (
            <li key={name}>
              <code>{name}</code>: {expected}
            </li>
          ))}
        </ul>
      )}
    </Banner>
  )
}
