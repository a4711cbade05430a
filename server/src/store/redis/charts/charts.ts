import { CHART_MS, CHART_ROWS_MAX } from '../../bounds.ts'
import type { ChartRow, ChartStore } from '../../store.ts'
import { bytes, list, number } from '../connection/answers.ts'
import { atName, type Engine } from '../engine.ts'
import { grouped } from '../grouped.ts'

export function redisCharts(engine: Engine): ChartStore {
  return {
    async put(rows) {
      const groups = [...grouped(rows, ({ organizationId }) => organizationId)]
      await Promise.all(groups.map(([organizationId, group]) => put(engine, organizationId, group)))
    },
    async list(organizationId, fromWallMs) {
      const oldestWallMs = engine.serviceTime.wall.earliestMs() - CHART_MS
      const args = [keyOf(organizationId), fromWallMs, oldestWallMs]
      const rows = list(await atName(engine, 'quick', 'chart_list', nameOf(organizationId), args))
      return Array.from({ length: rows.length / 2 }, (_, index) => ({
        organizationId,
        startWallMs: number(rows[2 * index]),
        points: bytes(rows[2 * index + 1]),
      }))
    },
  }
}

async function put(
  engine: Engine,
  organizationId: string | null,
  group: readonly { readonly item: ChartRow }[],
): Promise<void> {
  const rows = group.flatMap(({ item: { startWallMs, points } }) => [startWallMs, Buffer.from(points)])
  // Some partitions have more than others.
  const max = Math.ceil((4 * CHART_ROWS_MAX) / engine.partitions.count)
  await atName(engine, 'quick', 'chart_put', nameOf(organizationId), [keyOf(organizationId), max, ...rows])
}

export function keyOf(organizationId: string | null): string {
  return organizationId === null ? 'ch' : `ch:${organizationId}`
}

export function nameOf(organizationId: string | null): string {
  return organizationId ?? ''
}
