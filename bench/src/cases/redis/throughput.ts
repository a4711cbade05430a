import type { SenderResult } from '../../load/messages.ts'
import type { Figures, Measure } from '../case.ts'

/** What every case of throughput on Redis measures; `storeFigures` gives the numbers. */
export const STORE_MEASURES: readonly Measure[] = [
  { name: 'work, by the CPU time of the node', unit: '/CPU-s' },
  { name: 'work, by the CPU time of Redis', unit: '/CPU-s' },
  { name: 'work, by the CPU time of both', unit: '/CPU-s' },
  { name: 'rate', unit: '/s' },
  { name: 'server busy', unit: '%' },
]

type Sent = Pick<SenderResult, 'operations' | 'serverCpuSeconds' | 'redisCpuSeconds' | 'wallSeconds'>

/** Where there is no Redis, nothing is told of it: not a number. */
export function storeFigures({ operations, serverCpuSeconds, redisCpuSeconds, wallSeconds }: Sent): Figures {
  return [
    operations / serverCpuSeconds,
    redisCpuSeconds === 0 ? Number.NaN : operations / redisCpuSeconds,
    operations / (serverCpuSeconds + redisCpuSeconds),
    operations / wallSeconds,
    (serverCpuSeconds / wallSeconds) * 100,
  ]
}
