import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { type Clock, onceAMinute } from './clock/clock.ts'
import type { Log, Metrics } from './observe/observe.ts'

/** How often it is looked, milliseconds. */
const PERIOD_MS = 1_000
/** Descriptors that links leave for requests, files and the disk: so many, or this part of a small limit. */
const KEPT = 256
const KEPT_SHARE = 0.25
/** Part of the limit that is left when it is told before it is too late. */
const LOW_SHARE = 0.05

/** What the operating system says about this process's file descriptors. */
export interface Descriptors {
  /** How many there may be; `undefined` where nobody says. */
  limit(): number | undefined
  /** How many there are; `undefined` where that cannot be had cheaply. */
  count(): number | undefined
  /** Whether one more can be had now. Cheap. */
  hasOne(): boolean
}

/** As Linux tells. Elsewhere only `hasOne` knows anything. */
export const systemDescriptors: Descriptors = {
  limit: () =>
    quietly(() => Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])),
  // Since Linux 6.2; to list the folder would take too long with many links.
  count: () => quietly(() => statSync('/proc/self/fd').size),
  hasOne() {
    try {
      closeSync(openSync('/dev/null', 'r'))
      return true
    } catch (error) {
      return !isExhaustion(error)
    }
  },
}

/** A number above zero, or nothing. */
function quietly(read: () => number): number | undefined {
  try {
    const number = read()
    return number > 0 ? number : undefined
  } catch {
    return undefined
  }
}

function isExhaustion(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return code === 'EMFILE' || code === 'ENFILE'
}

/**
 * How many links there may be: as configured, but no more than leave descriptors for everything else. Without one the
 * server could not even say that it has none.
 */
export function linksWithin(
  linksMax: number,
  { limit }: Pick<Descriptors, 'limit'>,
  log: Pick<Log, 'warn'>,
): number {
  const max = limit()
  if (max === undefined) return linksMax
  const room = max - Math.min(KEPT, Math.ceil(max * KEPT_SHARE))
  if (linksMax <= room) return linksMax
  log.warn('the limit of open files is too low for LINKS_MAX, and bounds the links', {
    openFilesMax: max,
    linksMax,
    linksMaxInForce: room,
  })
  return room
}

/** The same of HTTP connections, which are not to leave links without one: half of what there is. */
export function httpConnectionsWithin(connectionsMax: number, { limit }: Pick<Descriptors, 'limit'>): number {
  const max = limit()
  return max === undefined ? connectionsMax : Math.min(connectionsMax, Math.floor(max / 2))
}

export type DescriptorWatch = {
  readonly descriptors: Descriptors
  readonly clock: Pick<Clock, 'every' | 'monotonicMs'>
  readonly log: Pick<Log, 'warn' | 'error'>
  readonly metrics: Pick<Metrics, 'descriptorsExhausted'>
}

/**
 * Looks each second whether a descriptor is left. It has to be looked at: when `accept` fails for want of one, libuv takes
 * the connections with one that it keeps for this, closes them, and tells nobody.
 *
 * @returns what stops the watching
 */
export function watchDescriptors({ descriptors, clock, log, metrics }: DescriptorWatch): () => void {
  const limit = descriptors.limit()
  const isDue = onceAMinute(clock)
  const look = (): void => {
    if (!descriptors.hasOne()) {
      metrics.descriptorsExhausted()
      if (isDue('none'))
        log.error('no file descriptor is left: connections are closed unheard', { openFilesMax: limit })
      return
    }
    const count = descriptors.count()
    const isLow = limit !== undefined && count !== undefined && limit - count < limit * LOW_SHARE
    if (isLow && isDue('low')) log.warn('file descriptors run out', { openFiles: count, openFilesMax: limit })
  }
  const timer = clock.every(PERIOD_MS, look)
  return () => timer.cancel()
}
