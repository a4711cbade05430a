import type { Clock } from './clock/clock.ts'
import { figuresOf, type Ledger, type Limits, type Shedding } from './limits/limits.ts'
import type { Log, Sharing } from './observe/observe.ts'

/** How often it is looked, milliseconds. */
const PERIOD_MS = 100

export type LoadWatch = {
  readonly clock: Pick<Clock, 'every' | 'monotonicMs'>
  readonly shedding: Pick<Shedding, 'level' | 'observe'>
  readonly ledger: { readonly writeBytes: Pick<Ledger['writeBytes'], 'figures'> }
  readonly log: Pick<Log, 'warn' | 'info'>
}

/**
 * Looks ten times a second how late the event loop is and how much waits to be written, and says each change of level in
 * one line.
 *
 * @returns what stops the watching
 */
export function watchLoad({ clock, shedding, ledger, log }: LoadWatch): () => void {
  let lookedAtMs = clock.monotonicMs()
  const timer = clock.every(PERIOD_MS, () => {
    const atMs = clock.monotonicMs()
    const lagMs = Math.max(0, atMs - lookedAtMs - PERIOD_MS)
    lookedAtMs = atMs
    const { used, max } = ledger.writeBytes.figures
    const writePercent = (used / max) * 100
    const from = shedding.level
    const to = shedding.observe({ atMs, lagMs, writePercent })
    if (from === to) return
    const facts = { from, to, lagMs: Math.round(lagMs), writePercent: Math.round(writePercent) }
    if (to === 'calm') log.info('load: everything is served again', facts)
    else log.warn('load: what is dear is refused, what keeps people reachable goes on', facts)
  })
  return () => timer.cancel()
}

/**
 * What the limits have to say to the metrics.
 *
 * @param others what is shared in other ways, and counts like a pool
 */
export function sharingOf(
  { ledger, work, shedding }: Pick<Limits, 'ledger' | 'work' | 'shedding'>,
  evicted: Sharing['evicted'],
  others: Sharing['pools'],
): Sharing {
  return {
    pools: () => new Map([...figuresOf(ledger), ...others()]),
    spentMs: () => work.spentMs,
    load: () => shedding.level,
    shed: () => shedding.refused,
    evicted,
  }
}
