import { type Clock, onceAMinute } from '../../../clock/clock.ts'
import { LEAST_AFTER_START_MS } from '../../recovery.ts'
import type { StoreWarning } from '../../store.ts'
import { type StoreLog, silentLog } from '../../store-log.ts'
import type { Losses } from '../losses.ts'
import { Lane } from './lane.ts'
import { loadLibrary } from './library.ts'
import { CONTROL, type Partitions } from './partitions.ts'
import { AWAY } from './refusals.ts'
import { loadInto, namingUser, prepare, SetupError } from './setup.ts'
import { type Address, openWire, type Wire } from './wire.ts'

/** How long a Redis that had no memory counts as full, and how often one that is away at the start is looked for. */
const FULL_FOR_MS = 5_000
const LOOK_AGAIN_MS = 500

/** Whether Redis can be reached, told once when that changes. */
export class State {
  readonly #log: StoreLog
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #maySay: (what: string) => boolean
  #fullAtMs = Number.NEGATIVE_INFINITY
  failure: string | undefined

  constructor(log: StoreLog, clock: Pick<Clock, 'monotonicMs'>) {
    this.#log = log
    this.#clock = clock
    this.#maySay = onceAMinute(clock)
  }

  set(failure: string | undefined): void {
    if (failure === undefined && this.failure !== undefined) this.#log.info('Redis can be reached again', {})
    if (failure !== undefined && this.failure === undefined)
      this.#log.warn('Redis cannot be reached', { failure })
    this.failure = failure
  }

  /** A fault of the program, or of Redis: said once a minute. */
  fault(err: Error): void {
    if (this.#maySay('fault'))
      this.#log.error('Redis has answered with an error that nobody expects', { err })
  }

  /** Notices between processes do not come: everything is found a little later. */
  noMessages(error: Error): void {
    if (this.failure === undefined && this.#maySay('messages'))
      this.#log.warn('Messages between processes cannot be had from Redis', { problem: error.message })
  }

  full(): void {
    this.#fullAtMs = this.#clock.monotonicMs()
  }

  get warnings(): readonly StoreWarning[] {
    return this.#clock.monotonicMs() - this.#fullAtMs < FULL_FOR_MS ? ['disk_full'] : []
  }
}

export type Lanes = {
  readonly library: ReturnType<typeof loadLibrary>
  readonly quick: Lane
  readonly durable: Lane
}

export type LaneNeeds = {
  readonly address: Address
  readonly clock: Clock
  readonly wireClock?: Clock
  readonly replicas?: number
  readonly log?: StoreLog
  readonly onDataLost?: () => void
}

/** Without replicas one connection keeps everything in order; with them what is durable waits for itself alone. */
export function makeLanes(options: LaneNeeds, partitions: Partitions, state: State, losses: Losses): Lanes {
  const { address, clock, wireClock = clock, replicas = 0, log = silentLog, onDataLost } = options
  const library = loadLibrary()
  const lane = (replicas: number) =>
    new Lane({
      connect: (onLost) => openWire(address, wireClock, onLost),
      greet: (wire) => prepare(wire, library),
      clock: wireClock,
      replicas,
      onState: (failure) => state.set(failure),
      onFull: () => state.full(),
      onFault: (error) => state.fault(error),
      async onMissing(what, command, wire) {
        if (what === 'no_function') {
          log.warn("Redis had lost Rollcall's functions, and has them again", {})
          return loadInto(wire, library)
        }
        log.error('A part of the store is empty though it was begun: what it held is lost', {
          err: new Error(`Nothing is at ${String(command.args[2])}`),
        })
        onDataLost?.()
        losses.add(await beginAgain(wire, library.nameOf('wake'), partitions, command.args))
      },
    })
  const quick = lane(0)
  return { library, quick, durable: replicas === 0 ? quick : lane(replicas) }
}

/** A partition that was lost begins anew. Returns which it is. */
async function beginAgain(
  wire: Wire,
  wakeName: string,
  partitions: Partitions,
  [, , base = '', time = '', wall = '']: readonly (string | Buffer)[],
): Promise<number> {
  const partition = partitions.all.find((one) => partitions.baseOf(one) === String(base)) ?? CONTROL
  const places = [partitions.count, Math.max(0, partition), LEAST_AFTER_START_MS].map(String)
  await wire.send('FCALL', [wakeName, '1', base, time, wall, ...places])
  return partition
}

/** A Redis that is away is waited for; one that cannot be used is not. */
export async function openLanes({ quick, durable }: Lanes, clock: Clock, state: State): Promise<void> {
  for (;;) {
    try {
      if (!quick.isUp) await quick.open()
      if (!durable.isUp) await durable.open()
      return
    } catch (thrown) {
      const error = namingUser(thrown)
      if (error instanceof SetupError) throw error
      state.set(error instanceof Error ? error.message : AWAY)
      await clock.sleep(LOOK_AGAIN_MS)
    }
  }
}
