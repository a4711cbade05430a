import type { Statistics } from '@rollcall/protocol/statistics'
import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import { clockTime, span } from '../../format.ts'
import { href, type NowShown } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { Segments } from '../../ui/segments.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { go } from '../../ui/use-route.ts'
import { figuresOf } from './figures.ts'
import { add, EMPTY, type History } from './history.ts'
import { LastDay } from './last-day.tsx'
import { NodesLine } from './nodes-line.tsx'
import { Tiles } from './tiles.tsx'
import { Totals } from './totals.tsx'
import { ChartsFailed, useCharts } from './use-charts.tsx'

const EVERY_MS = 1_000

/** How an organization is doing right now, and in the last minutes. */
export function NowPage({ shown, ...scope }: Scope & { readonly shown: NowShown }) {
  if (scope.session.sight === 'own') return <NotForYou name={scope.session.name} />
  return <Live {...scope} shown={shown} />
}

const SHOWN = [
  ['minutes', 'Last 5 minutes'],
  ['day', 'Last day'],
] as const satisfies readonly (readonly [NowShown, string])[]

function Live({ shown, ...scope }: Scope & { readonly shown: NowShown }) {
  const { session, organizationId, onProblem } = scope
  const key = `statistics ${organizationId ?? ''}`
  const { data, problem } = usePoll(
    key,
    (signal) => session.api.backend.statistics(optionsOf(scope, signal)),
    {
      intervalMs: EVERY_MS,
      onProblem,
    },
  )
  const history = useHistory(key, data)
  return (
    <Page
      title="Now"
      lead={<Lead organizationId={organizationId} data={data} isStale={problem !== undefined} />}
    >
      <ProblemBanner problem={problem} />
      {data !== undefined && (
        <div class={`now${problem === undefined ? '' : ' now-stale'}`}>
          <Tiles figures={figuresOf(history, data)} />
          <NodesLine {...scope} />
          <div class="charts-which">
            <Segments
              legend="What the charts show"
              name="shown"
              options={SHOWN}
              value={shown}
              onChange={(next) => go(href(['now'], { shown: next === 'day' ? next : undefined }), 'replace')}
            />
          </div>
          {shown === 'day' ? (
            <LastDay {...scope} />
          ) : (
            <LazyCharts points={history.points}>
              <Totals statistics={data} />
            </LazyCharts>
          )}
        </div>
      )}
      {data === undefined && problem === undefined && <p class="quiet">Asking …</p>}
    </Page>
  )
}

function Lead({
  organizationId = 'All organizations',
  data,
  isStale,
}: {
  readonly organizationId: string | undefined
  readonly data: Statistics | undefined
  readonly isStale: boolean
}) {
  if (data === undefined) return <span class="breakable">{organizationId}</span>
  const upMs = Date.parse(data.at) - Date.parse(data.since)
  return (
    <>
      <span class="breakable">{organizationId}</span>
      {' · '}
      <span class="number">
        {isStale ? `as of ${clockTime(data.at, Date.now())}` : `server up for ${span(upMs)}`}
      </span>
    </>
  )
}

function LazyCharts({
  points,
  children,
}: {
  readonly points: History['points']
  readonly children: ComponentChildren
}) {
  const loaded = useCharts()
  if (loaded === 'failed')
    return (
      <>
        <ChartsFailed />
        {children}
      </>
    )
  // The room that they will take, so that nothing moves when they come.
  if (loaded === undefined) return <div class="charts charts-coming" />
  return <loaded.Charts points={points}>{children}</loaded.Charts>
}

function NotForYou({ name }: { readonly name: string }) {
  return (
    <Page title="Now">
      <Card>
        <Empty title="These figures are about the whole organization">
          They are for its backends and administrators. You can see{' '}
          <a href={href(['people', name])}>your own devices</a> and <a href={href(['events'])}>your events</a>
          .
        </Empty>
      </Card>
    </Page>
  )
}

/** What this page has seen since it was opened; anew for another organization. */
function useHistory(key: string, data: Statistics | undefined): History {
  const kept = useRef<{ key: string; data?: Statistics; history: History }>({ key, history: EMPTY })
  if (kept.current.key !== key) kept.current = { key, history: EMPTY }
  if (data !== undefined && data !== kept.current.data)
    kept.current = { key, data, history: add(kept.current.history, data) }
  return kept.current.history
}
