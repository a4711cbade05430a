import type { Clock, Timer } from '../../../clock/clock.ts'
import type { RedisHealth } from '../../redis-health.ts'
import { type StoreLog, silentLog } from '../../store-log.ts'
import { Checks } from './checks.ts'
import type { Library } from './library.ts'
import type { Partitions } from './partitions.ts'
import { Primaries } from './primaries.ts'
import { AWAY } from './refusals.ts'
import { Session } from './session.ts'
import { checkAgain, namingUser, prepare, SetupError } from './setup.ts'
import type { State } from './state.ts'
import { Succession } from './succession.ts'
import { openFinder, type Place } from './topology/open-finder.ts'
import { type Kind, nameOf } from './topology/plan.ts'
import { Topology } from './topology/topology.ts'
import { type Address, openWire } from './wire.ts'

/** How often a Redis that is away at the start is looked for, and whether one that is used is still as it has to be. */
const LOOK_AGAIN_MS = 500
const CHECK_EVERY_MS = 1_000

export type ReachOptions = {
  readonly address: Address | Place
  readonly clock: Clock
  readonly library: Library
  readonly partitions: Partitions
  readonly replicas: number
  readonly state: State
  readonly log?: StoreLog
  /** A partition may be reached now that could not be before. */
  readonly onChange: () => void
}

/** Connections to whatever has the partitions now: one Redis, the primary that sentinels name, or those of a cluster. */
export class Reach {
  readonly #options: ReachOptions
  readonly #place: Place
  readonly #checks: Checks
  readonly #primaries: Primaries
  readonly #succession: Succession
  #topology: Topology | undefined
  #timer: Timer | undefined
  #kind: Kind = 'single'

  constructor(options: ReachOptions) {
    const { address, clock, partitions, state, log = silentLog, onChange } = options
    this.#options = options
    this.#place = 'addresses' in address ? address : { addresses: [address] }
    this.#checks = new Checks(log, options.replicas)
    this.#primaries = new Primaries({
      ...{ partitions, clock, state, log, onChange },
      openSession: (to, onLost) => this.#openSession(to, onLost),
      onLost: () => this.doubt(),
    })
    this.#succession = new Succession({
      ...{ clock, replicas: options.replicas },
      connect: (to) => openWire(to, clock, () => undefined),
      wires: () => this.#primaries.sessions.flatMap(({ wire }) => wire ?? []),
    })
  }

  sessionOf = (partition: number): Session | undefined => this.#primaries.sessionOf(partition)

  /** Where a partition is; `undefined`: nobody knows. */
  addressOf = (partition: number): Address | undefined => this.#primaries.addressOf(partition)

  isUp(partition: number): boolean {
    return this.sessionOf(partition) !== undefined
  }

  /** Why the store as a whole cannot be used now. */
  get failure(): string | undefined {
    return this.#primaries.failure
  }

  /** Whether a part of the store cannot be reached now. */
  get isPartlyAway(): boolean {
    return this.#primaries.isPartlyAway
  }

  /** How it is doing, as known: nobody is asked. */
  get health(): RedisHealth {
    const { count } = this.#options.partitions
    const { health, partitionsAway } = this.#primaries
    return { topology: this.#kind, partitions: count, partitionsAway, primaries: health }
  }

  /**
   * A Redis that is away is waited for; of several, until there are enough that the store counts as one that can be used.
   *
   * @throws SetupError where it cannot be used
   */
  async open(): Promise<void> {
    const { clock, state } = this.#options
    const name = this.#place.addresses.map(nameOf).join(', ')
    for (;;) {
      try {
        await this.#find()
        await this.#primaries.areEnough(this.#options.replicas)
        this.#timer = clock.every(CHECK_EVERY_MS, () => this.#checkAgain())
        return state.set(name, undefined)
      } catch (thrown) {
        const error = namingUser(thrown)
        if (error instanceof SetupError) throw error
        state.set(name, error instanceof Error ? error.message : AWAY)
        await clock.sleep(LOOK_AGAIN_MS)
      }
    }
  }

  /** Somebody was not where it should be. One Redis alone is never elsewhere. */
  doubt = (): void => {
    if (this.#kind !== 'single') this.#topology?.refresh()
  }

  close(): void {
    this.#timer?.cancel()
    this.#topology?.close()
    this.#primaries.close()
  }

  /** One that cannot be used any more as it is configured is left, and says why when it is to be opened again. */
  #checkAgain(): void {
    for (const primary of this.#primaries.all) {
      const { session } = primary
      if (session?.wire === undefined) continue
      checkAgain(session.wire).then(
        (replicas) => {
          primary.replicas = replicas
        },
        (error) => {
          if (error instanceof SetupError) session.leave()
        },
      )
    }
  }

  async #find(): Promise<void> {
    const { clock } = this.#options
    if (this.#topology === undefined) {
      const { finder, kind } = await openFinder(this.#place, clock)
      this.#kind = kind
      this.#topology = new Topology({ finder, clock, onPlan: (plan) => this.#primaries.follow(plan) })
    }
    await this.#topology.start()
  }

  #openSession(address: Address, onLost: () => void): Session {
    const { clock, library, replicas } = this.#options
    return new Session({
      connect: (onWireLost) => openWire(address, clock, onWireLost),
      greet: async (wire) => {
        const { run, info } = await prepare(wire, library, this.#kind)
        await this.#checks.look(nameOf(address), info, wire)
        return run
      },
      replicas,
      onLost,
      isKept: (run) => this.#succession.isKept(address, run),
    })
  }
}
