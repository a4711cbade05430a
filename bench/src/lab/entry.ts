import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const extension = extname(fileURLToPath(import.meta.url))

/**
 * Arguments of Node that run another program of the benchmark in the way that this one runs: built, or from
 * its sources.
 *
 * @param path without its extension, from the folder of `bench.ts`
 */
export function entryArgs(path: string): readonly string[] {
  return [...process.execArgv, fileURLToPath(new URL(`../${path}${extension}`, import.meta.url))]
}

/** The built server: what users run. */
export const SERVER_ENTRY = fileURLToPath(new URL('../../../server/dist/main.js', import.meta.url))

/** Of Node, as the service is started with wherever it is deployed. (docs/adr/0050-room-for-what-is-new.md) */
export const SERVER_FLAGS = ['--max-semi-space-size=32']

/** The store of the built server, which a loader fills without asking a million times. */
export const STORE_ENTRY = new URL('../../../server/dist/store/embedded/embedded.js', import.meta.url).href
/** The same on Redis. */
export const REDIS_STORE_ENTRY = new URL('../../../server/dist/store/redis/redis.js', import.meta.url).href
/** What it takes its time from. */
export const CLOCK_ENTRY = new URL('../../../server/dist/clock/clock.js', import.meta.url).href
