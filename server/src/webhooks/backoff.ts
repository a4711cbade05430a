import type { Random } from '../clock/clock.ts'

const BASE_MS = 1_000
const MAX_MS = 300_000

/**
 * How long to wait after so many failures in a row: at random from 1 s to a bound that doubles with each, up to
 * 5 min. At random, so that webhooks that failed together do not come back together.
 */
export function backoffMs(failures: number, random: Random): number {
  const boundMs = Math.min(MAX_MS, BASE_MS * 2 ** Math.min(failures, 20))
  const share = random.bytes(4).readUInt32BE() / 2 ** 32
  return Math.round(BASE_MS + share * (boundMs - BASE_MS))
}
