import type { SenderResult } from '../load/messages.ts'
import type { Bound, Figures, Measure } from './case.ts'

/** What every case of throughput measures; `throughputFigures` gives the numbers. */
export function throughputMeasures(target: Bound, elsewhere: string): readonly Measure[] {
  return [
    { name: 'work', unit: '/CPU-s', target, elsewhere },
    { name: 'rate', unit: '/s' },
    { name: 'server busy', unit: '%' },
  ]
}

export function throughputFigures({ operations, serverCpuSeconds, wallSeconds }: SenderResult): Figures {
  return [operations / serverCpuSeconds, operations / wallSeconds, (serverCpuSeconds / wallSeconds) * 100]
}
