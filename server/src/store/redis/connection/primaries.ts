import type { Clock } from '../../../clock/clock.ts'
import type { PrimaryHealth } from '../../redis-health.ts'
import type { StoreLog } from '../../store-log.ts'
import { CONTROL, type Partitions } from './partitions.ts'
import { Primary } from './primary.ts'
import { AWAY } from './refusals.ts'
import type { Session } from './session.ts'
import { SetupError } from './setup.ts'
import type { State } from './state.ts'
import { nameOf, type Plan } from './topology/plan.ts'
import type { Address } from './wire.ts'

/** How long one that has nothing any more is kept for what is under way there, milliseconds. */
const KEPT_FOR_MS = 2_000
/** How many are named where many change at once. */
const TOLD_MAX = 16

export type PrimariesOptions = {
  readonly partitions: Partitions
  readonly openSession: (address: Address, onLost: () => void) => Session
  readonly clock: Pick<Clock, 'after'>
  readonly state: State
  readonly log: StoreLog
  /** A Redis was lost: somebody else may have what it had. */
  readonly onLost: () => void
  /** A partition may be reached now that could not be before. */
  readonly onChange: () => void
}

type Kept = { readonly address: Address; readonly primary: Primary; readonly opening: Promise<void> }

/** Every Redis that takes writes now, and which of them has which partition. */
export class Primaries {
  readonly #options: PrimariesOptions
  readonly #primaries = new Map<string, Kept>()
  /** By partition; the control partition is the last. */
  #places: readonly (string | undefined)[] = []

  constructor(options: PrimariesOptions) {
    this.#options = options
  }

  sessionOf(partition: number): Session | undefined {
    return this.#keptOf(partition)?.primary.session
  }

  /** The open connections to all of them. */
  get sessions(): readonly Session[] {
    return [...this.#primaries.values()].flatMap(({ primary: { session } }) => session ?? [])
  }

  /** All of them, also those that cannot be reached. */
  get all(): readonly Primary[] {
    return [...this.#primaries.values()].map(({ primary }) => primary)
  }

  get health(): readonly PrimaryHealth[] {
    const counts = new Map<string | undefined, number>()
    for (const place of this.#places.slice(0, -1)) counts.set(place, (counts.get(place) ?? 0) + 1)
    return [...this.#primaries].map(([redis, { primary }]) => ({
      redis,
      isReached: primary.session !== undefined,
      awayForMs: this.#options.state.awayForMs(redis),
      partitions: counts.get(redis) ?? 0,
      replicas: primary.session === undefined ? undefined : primary.replicas,
    }))
  }

  /** How many partitions cannot be used now. */
  get partitionsAway(): number {
    return this.#options.partitions.all.filter((partition) => this.#isAway(partition)).length
  }

  addressOf(partition: number): Address | undefined {
    return this.#keptOf(partition)?.address
  }

  /** Why the store as a whole cannot be used: the control partition is away, or half of the others. */
  get failure(): string | undefined {
    return this.#failureWhere((partition) => this.#isAway(partition))
  }

  /** Whether a part of it cannot be used now. */
  get isPartlyAway(): boolean {
    return this.#options.partitions.all.some((partition) => this.#isAway(partition))
  }

  /** It cannot be reached, or refuses whatever it is asked. */
  #isAway(partition: number): boolean {
    return this.sessionOf(partition) === undefined || this.#options.state.refusalOf(partition) !== undefined
  }

  #failureWhere(isAway: (partition: number) => boolean): string | undefined {
    const { partitions, state } = this.#options
    const away = partitions.all.filter(isAway)
    if (!isAway(CONTROL) && 2 * away.length < partitions.count) return undefined
    const partition = isAway(CONTROL) ? CONTROL : (away[0] ?? CONTROL)
    const place = this.#placeOf(partition)
    const failure = place === undefined ? undefined : state.failureOf(place)
    return failure ?? state.refusalOf(partition) ?? AWAY
  }

  /** From now on they are where the plan says. */
  follow(plan: Plan): void {
    const { partitions, onChange } = this.#options
    const before = this.#places
    for (const address of plan.primaries) this.#add(address)
    this.#places = [...partitions.all, CONTROL].map((partition) => {
      const owner = plan.ownerOf(partitions.slotOf(partition))
      return owner === undefined ? undefined : nameOf(owner)
    })
    const names = new Set(plan.primaries.map(nameOf))
    for (const name of this.#primaries.keys()) if (!names.has(name)) this.#retire(name)
    if (before.every((place, index) => place === this.#places[index])) return
    this.#tell(before)
    onChange()
  }

  /**
   * Before the first use: resolves where enough of them can be reached and have their replicas. Without these nothing durable could
   * be done, and a start would fail again and again; one that is away keeps nobody from what is on the others.
   *
   * @throws SetupError where one of them cannot be used as it is; Error where it is to be waited for
   */
  async areEnough(replicas: number): Promise<void> {
    const all = [...this.#primaries.values()]
    await Promise.allSettled(all.map(({ opening }) => opening))
    const failed = all.filter(({ primary: { session } }) => session === undefined)
    const errors = failed.map(({ primary: { error } }) => error)
    const unusable = errors.find((error) => error instanceof SetupError)
    if (unusable !== undefined) throw unusable
    if (this.failure !== undefined) throw errors[0] ?? new Error(this.failure)
    const lacking = await this.#lacking(replicas)
    const isAway = (partition: number) =>
      this.sessionOf(partition) === undefined || lacking.has(this.#placeOf(partition) ?? '')
    if (this.#failureWhere(isAway) !== undefined) throw new Error([...lacking.values()][0] ?? AWAY)
  }

  /** Those with too few replicas that are up, each with what is said of it. */
  async #lacking(replicas: number): Promise<ReadonlyMap<string, string>> {
    const lacking = new Map<string, string>()
    if (replicas === 0) return lacking
    await Promise.all(
      [...this.#primaries].map(async ([name, { primary }]) => {
        const wire = primary.session?.wire
        if (wire === undefined) return
        const count = String(await wire.send('INFO', ['replication'])).match(/,state=online,/g)?.length ?? 0
        if (count < replicas)
          lacking.set(
            name,
            `${name} has ${count} replicas that are up, and REDIS_REPLICAS_MIN asks for ${replicas}.`,
          )
      }),
    )
    return lacking
  }

  close(): void {
    for (const { primary } of this.#primaries.values()) primary.close()
    this.#primaries.clear()
    this.#places = []
  }

  #placeOf(partition: number): string | undefined {
    return partition === CONTROL ? this.#places.at(-1) : this.#places[partition]
  }

  #keptOf(partition: number): Kept | undefined {
    const place = this.#placeOf(partition)
    return place === undefined ? undefined : this.#primaries.get(place)
  }

  #add(address: Address): void {
    const name = nameOf(address)
    if (this.#primaries.has(name)) return
    const { openSession, clock, state, onLost, onChange } = this.#options
    const primary = new Primary({
      openSession: (onSessionLost) => openSession(address, onSessionLost),
      clock,
      onState: (failure) => {
        if (!this.#primaries.has(name)) return
        state.set(name, failure)
        if (failure === undefined) onChange()
        else onLost()
      },
    })
    const opening = primary.open()
    this.#primaries.set(name, { address, primary, opening })
    opening.catch((error) => primary.keepTrying(error))
  }

  /** What was sent there before may still be answered. */
  #retire(name: string): void {
    const { primary } = this.#primaries.get(name) ?? {}
    this.#primaries.delete(name)
    this.#options.state.forget(name)
    this.#options.clock.after(KEPT_FOR_MS, () => primary?.close())
  }

  #tell(before: readonly (string | undefined)[]): void {
    const moved = this.#places.flatMap((place, index) => {
      const former = before[index]
      return former === undefined || place === former ? [] : [{ from: former, to: place ?? 'nowhere' }]
    })
    if (moved.length === 0) return
    const each = (names: readonly string[]) => [...new Set(names)].slice(0, TOLD_MAX)
    this.#options.state.passed(
      moved.length,
      each(moved.map(({ from }) => from)),
      each(moved.map(({ to }) => to)),
    )
  }
}
