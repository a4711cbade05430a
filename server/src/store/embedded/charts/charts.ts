import { afterThisTurn, type ServiceTime } from '../../../clock/clock.ts'
import { CHART_MS } from '../../bounds.ts'
import type { ChartRow, ChartStore } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import type { ChartBook } from './chart-book.ts'

/** Rows read before everybody else gets a turn. */
const READ_MAX = 16

export function embeddedCharts(book: ChartBook, journal: Journal, wall: ServiceTime['wall']): ChartStore {
  return {
    async put(rows) {
      journal.assertWritable()
      for (const row of rows) book.put(row)
    },
    async list(organizationId, fromWallMs) {
      journal.assertReadable()
      const places = book.places(organizationId, Math.max(fromWallMs, wall.earliestMs() - CHART_MS + 1))
      // What was put a moment ago is on its way to the disk.
      await journal.durable()
      const rows: ChartRow[] = []
      for (const [index, place] of places.entries()) {
        if (index % READ_MAX === READ_MAX - 1) await new Promise<void>((resolve) => afterThisTurn(resolve))
        journal.assertReadable()
        const row = book.read(place)
        if (row !== undefined) rows.push(row)
      }
      return rows
    },
  }
}
