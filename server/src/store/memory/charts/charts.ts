import type { WallBounds } from '../../../clock/clock.ts'
import { CHART_MS, CHART_ROWS_MAX } from '../../bounds.ts'
import type { ChartRow, ChartStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

export function memoryCharts(wall: WallBounds, gate: Gate): ChartStore {
  /** Oldest first. */
  let rows: readonly ChartRow[] = []
  return {
    async put(added) {
      assertOpen(gate)
      for (const row of added)
        rows = [...rows.filter((other) => !isSame(row, other)), row].sort(
          (one, other) => one.startWallMs - other.startWallMs,
        )
      const oldestWallMs = wall.earliestMs() - CHART_MS
      rows = rows.filter(({ startWallMs }) => startWallMs > oldestWallMs).slice(-CHART_ROWS_MAX)
    },
    async list(organizationId, fromWallMs) {
      assertOpen(gate)
      const oldestWallMs = wall.earliestMs() - CHART_MS
      return rows.filter(
        (row) =>
          row.organizationId === organizationId &&
          row.startWallMs >= fromWallMs &&
          row.startWallMs > oldestWallMs,
      )
    },
  }
}

function isSame(one: ChartRow, other: ChartRow): boolean {
  return one.organizationId === other.organizationId && one.startWallMs === other.startWallMs
}
