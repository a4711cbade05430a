import { useMemo } from 'preact/hooks'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { DAY_STEP_SECONDS, dayPoints, isEmpty } from './day.ts'
import { ChartsFailed, useCharts } from './use-charts.tsx'

/** The server adds a point a minute. */
const EVERY_MS = 30_000

/** How it went in the last 24 hours, as the server has kept it. */
export function LastDay(scope: Scope) {
  const { session, organizationId, onProblem } = scope
  const loaded = useCharts()
  const { data, problem } = usePoll(
    `day ${organizationId ?? ''}`,
    (signal) => session.api.day(DAY_STEP_SECONDS, optionsOf(scope, signal)),
    { intervalMs: EVERY_MS, onProblem },
  )
  const points = useMemo(() => (data === undefined ? [] : dayPoints(data)), [data])
  if (loaded === 'failed') return <ChartsFailed />
  return (
    <>
      <ProblemBanner problem={problem} />
      {data !== undefined && isEmpty(data) && (
        <Card>
          <Empty title="Nothing is kept yet">
            The first point comes once the server has run for a minute.
          </Empty>
        </Card>
      )}
      {data !== undefined && !isEmpty(data) && loaded !== undefined && <loaded.DayCharts points={points} />}
      {(loaded === undefined || data === undefined) && problem === undefined && (
        <div class="charts charts-coming" />
      )}
    </>
  )
}
