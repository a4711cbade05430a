import type { DayStatistics } from '@rollcall/protocol/statistics'
import type { Clock } from '../clock/clock.ts'
import type { ChartRow, ChartStore } from '../store/store.ts'
import { minutesOf, minutesOfOne, seriesOf, stepsOf } from './day.ts'
import { decodePoints, type Point } from './points.ts'
import { MINUTE_MS, Recorder, type RecorderOptions } from './recorder.ts'

export type { Gauges } from './sample.ts'

/** Steps that a day may be told in, seconds. */
export const STEP_SECONDS = [60, 120, 300, 600, 900, 1_800, 3_600] as const

/** How it went in the last 24 hours, kept in the store. */
export interface Charts {
  /**
   * @param organizationId `null`: all together
   * @param stepSeconds one of `STEP_SECONDS`
   * @throws RollcallError `unavailable`
   */
  day(organizationId: string | null, stepSeconds: number): Promise<DayStatistics>
  /** Writes down the minute that is not over. Idempotent. */
  close(): Promise<void>
}

export type ChartsOptions = RecorderOptions & {
  readonly store: ChartStore
  readonly clock: Pick<Clock, 'wallMs' | 'after'>
}

export function createCharts(options: ChartsOptions): Charts {
  const recorder = new Recorder(options)
  const { store, statistics, clock } = options
  const pointsOf = async (organizationId: string | null, first: number): Promise<readonly Point[]> => {
    // A row may have begun before and reach into it.
    const rows = await store.list(organizationId, (first - ROW_MINUTES_MAX) * MINUTE_MS)
    return rows.flatMap(read)
  }
  return {
    async day(organizationId, stepSeconds) {
      const nowWallMs = clock.wallMs()
      const steps = stepsOf(nowWallMs, stepSeconds)
      const all = minutesOf(await pointsOf(null, steps.first))
      const minutes =
        organizationId === null ? all : minutesOfOne(await pointsOf(organizationId, steps.first), all)
      const { bounds } = statistics.read(organizationId).deliveryMs
      return {
        at: new Date(nowWallMs).toISOString(),
        organizationId,
        from: new Date(steps.first * MINUTE_MS).toISOString(),
        stepSeconds,
        ...seriesOf(steps, minutes, bounds),
      }
    },
    close: () => recorder.close(),
  }
}

/** No row holds more minutes. */
const ROW_MINUTES_MAX = 60

function read({ startWallMs, points }: ChartRow): readonly Point[] {
  return decodePoints(Math.floor(startWallMs / MINUTE_MS), points)
}
