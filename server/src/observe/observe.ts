export { createLog, type Log } from './log.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { Statistics, type Tally } from './statistics.ts'
export { productVersion } from './version.ts'
