import { systemClock } from '../../server/src/clock/clock.ts'
import { openEmbeddedStore, rowsSource, rowsTarget } from '../../server/src/store/embedded/embedded.ts'
import { type OpenEngine, openEngine, redisPlace, redisSource } from '../../server/src/store/redis/redis.ts'
import { HISTORY_BOUNDS, type MovePlace, type MoveSource, type Store } from '../../server/src/store/store.ts'
import type { FakeClock } from './fake-clock.ts'
import { FakeDisk } from './fake-disk.ts'

const PLAIN = { conceal: (secret: string) => secret, reveal: (secret: string) => secret }

/** Where a store is: it is opened, and moved from and to while it is not. */
export type Home = {
  open(): Promise<Store>
  source(): Promise<MoveSource>
  place(): Promise<MovePlace>
  idle(): Promise<void>
  /** As where the process dies. */
  kill(): void
}

export function folderHome(clock: FakeClock): Home {
  const disk = new FakeDisk()
  let running: ReturnType<FakeDisk['open']> | undefined
  return {
    open() {
      running = disk.open()
      return openEmbeddedStore({ rows: running, clock })
    },
    source: async () => rowsSource(disk.open(), PLAIN.conceal),
    place: async () => ({
      open: (given) =>
        rowsTarget({
          ...{ ...given, rows: disk.open(), nowMs: clock.wallMs(), reveal: PLAIN.reveal },
          historyBounds: HISTORY_BOUNDS,
        }),
      close: async () => undefined,
    }),
    idle: async () => undefined,
    kill: () => running?.die(),
  }
}

/** Where a Redis is, or several. */
export type Below = Pick<Parameters<typeof openEngine>[0], 'address' | 'replicas'>

export function redisHome(clock: FakeClock, below: Below, prefix: string, partitions = 1): Home {
  const timeMs = () => Math.floor(clock.monotonicMs())
  const wireClock = systemClock()
  const options = { ...below, ...{ prefix, partitions, clock, wireClock, timeMs }, id: 'process' }
  let engine: OpenEngine | undefined
  return {
    async open() {
      engine = await openEngine({ ...options, beatMs: 100 })
      return engine.store
    },
    source: () => redisSource(options),
    // Few, so that what is cut off is half there.
    place: () => redisPlace({ ...options, rowsTogether: 7 }),
    idle: async () => engine?.idle(),
    kill: () => engine?.kill(),
  }
}
