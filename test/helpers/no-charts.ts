import type { Charts } from '../../server/src/charts/charts.ts'
import { createCharts } from '../../server/src/charts/charts.ts'
import { Statistics } from '../../server/src/observe/observe.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { createFakeClock } from './fake-clock.ts'

/** Charts of a server where nothing ever happens. */
export function noCharts(): Charts {
  const clock = createFakeClock()
  return createCharts({
    ...{ store: createMemoryStore({ clock }).charts, statistics: new Statistics(0), clock },
    log: { error: () => undefined },
    organizations: async () => [],
    gauges: async () => ({ registrations: 0, connected: 0, mailboxEvents: 0 }),
  })
}
