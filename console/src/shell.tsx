import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Problem } from './api/problem.ts'
import { zoneName } from './format.ts'
import { href, type PageName, placeOf, type Route } from './routes.ts'
import { endOf } from './session/ended.ts'
import { NoticeStrip } from './session/notice-strip.tsx'
import { OrganizationPicker } from './session/organization-picker.tsx'
import type { Scope } from './session/scope.ts'
import type { Session } from './session/session.ts'
import { useNamedOrganization } from './session/use-named-organization.ts'
import { useNotices } from './session/use-notices.ts'
import { Boundary } from './ui/boundary.tsx'
import { Icon } from './ui/icon.tsx'
import { applyTheme, nextTheme, readTheme } from './ui/theme.ts'

const PAGES: readonly (readonly [page: Exclude<PageName, 'help' | 'nodes'>, name: string])[] = [
  ['now', 'Now'],
  ['people', 'People'],
  ['events', 'Events'],
  ['send', 'Send'],
  ['hooks', 'Hooks'],
  ['directory', 'Directory'],
]

/** Where somebody begins: with the whole of it, or with their own. */
export function homeOf({ sight, name }: Session): string {
  return sight === 'own' ? href(['people', name]) : href(['now'])
}

/** What stands around every page: where one is, who one is, and how to leave. */
export function Shell({
  session,
  route,
  onSignOut,
  onEnded,
  children,
}: {
  readonly session: Session
  readonly route: Route
  readonly onSignOut: () => void
  readonly onEnded: (problem: Problem) => void
  readonly children: (scope: Scope) => ComponentChildren
}) {
  const [named, name] = useNamedOrganization()
  const main = useRef<HTMLElement>(null)
  const place = placeOf(route)
  useHeadingFocus(main, place)
  const onProblem = useCallback((thrown: unknown) => {
    const end = endOf(thrown)
    if (end !== undefined) onEnded(end)
  }, [])
  const organizationId = session.organizationId ?? (named === '' ? undefined : named)
  const known = useNotices({ session, organizationId, onProblem })
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <nav class="nav" aria-label="Pages">
        <a class="brand" href={homeOf(session)}>
          <span class="brand-mark" aria-hidden="true" />
          Rollcall
        </a>
        <ul>
          {PAGES.map(([name, text]) => (
            <li key={name}>
              <a href={href([name])} aria-current={name === route.page ? 'page' : undefined}>
                <Icon name={name} />
                {text}
              </a>
            </li>
          ))}
        </ul>
        <FrameFoot version={known?.version} hasDocs={known?.docs === true} />
        <Account session={session} onSignOut={onSignOut} />
      </nav>
      <main ref={main} tabIndex={-1}>
        {session.organizationId === undefined && (
          <OrganizationPicker api={session.api} value={named} onChange={name} onProblem={onProblem} />
        )}
        <NoticeStrip notices={known?.notices ?? []} />
        <Boundary place={place}>{children({ session, organizationId, onProblem })}</Boundary>
      </main>
    </div>
  )
}

/**
 * Brings those who cannot see the page change to its heading. Not at load, where the browser reads the page from its
 * top, and not away from a field of the page that somebody writes in.
 */
function useHeadingFocus(main: { readonly current: HTMLElement | null }, place: string): void {
  const former = useRef(place)
  useEffect(() => {
    if (former.current === place) return
    former.current = place
    if (document.activeElement?.matches('main :is(input, select, textarea)')) return
    const heading = main.current?.querySelector('h1')
    if (heading === null || heading === undefined) return
    heading.tabIndex = -1
    heading.focus({ preventScroll: true })
    scrollTo(0, 0)
  }, [place])
}

/** What runs, and where one reads on. */
function FrameFoot({
  version,
  hasDocs,
}: {
  readonly version: string | undefined
  readonly hasDocs: boolean
}) {
  return (
    <p class="frame-foot">
      {version !== undefined && <span>Rollcall {version}</span>}
      <a href={hasDocs ? '/docs' : '/openapi.json'}>API</a>
      <a href={href(['help'])}>Help</a>
      <span class="frame-zone" title="Times are those of this browser">
        {zoneName()}
      </span>
    </p>
  )
}

function Account({ session, onSignOut }: { readonly session: Session; readonly onSignOut: () => void }) {
  const [theme, setTheme] = useState(readTheme)
  return (
    <div class="account">
      <p class="account-who" title={session.name}>
        <strong>{session.name}</strong>
        <span class="quiet">{session.organizationId ?? 'all organizations'}</span>
      </p>
      <button
        type="button"
        class="button button-quiet"
        aria-label={`Colours: ${theme}. Change`}
        title={`Colours: ${theme}`}
        onClick={() => {
          const next = nextTheme(theme)
          applyTheme(next)
          setTheme(next)
        }}
      >
        <Icon name="theme" />
      </button>
      <button
        type="button"
        class="button button-quiet"
        aria-label="Sign out"
        title="Sign out"
        onClick={onSignOut}
      >
        <Icon name="leave" />
      </button>
    </div>
  )
}
