import type { ComponentChildren } from 'preact'
import { useEffect, useErrorBoundary } from 'preact/hooks'
import { href } from '../routes.ts'
import { Banner } from './banner.tsx'
import { Page } from './page.tsx'

/**
 * Keeps a fault in one page from taking the whole console along: says so, and how to go on. Another `place` is tried
 * anew.
 */
export function Boundary({
  place,
  children,
}: {
  readonly place: string
  readonly children: ComponentChildren
}) {
  const [fault, reset] = useErrorBoundary()
  useEffect(() => {
    if (fault !== undefined) reset()
    // Only on the way to another place: here it would fail again.
  }, [place])
  if (fault === undefined) return children
  return (
    <Page title="This page has failed">
      <Banner tone="danger" title="A fault of the console, not of the server">
        {fault instanceof Error ? fault.message : String(fault)}
      </Banner>
      <div class="row">
        <button type="button" class="button button-primary" onClick={reset}>
          Try again
        </button>
        <a class="button" href={href(['now'])}>
          Go to Now
        </a>
      </div>
    </Page>
  )
}
