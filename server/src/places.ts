import type { Configuration } from './config/config.ts'

/** What is served where: `docs` and `metrics` are switched on or off, and `adminPort` moves what is on. */
export function placesOf({
  adminPort,
  docs,
  metrics,
}: Pick<Configuration, 'adminPort' | 'docs' | 'metrics'>) {
  const isMoved = adminPort !== 0
  return {
    main: { docs: docs && !isMoved, metrics: metrics && !isMoved },
    admin: isMoved ? { docs, metrics } : undefined,
  }
}
