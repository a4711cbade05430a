import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock, Timer } from '../clock/clock.ts'
import type { Listed, Nodes, NodeTable, SeenNode } from './nodes.ts'
import { keeperOf } from './rendezvous.ts'

/** Time between two beats, milliseconds. */
const BEAT_MS = 500
/** Silent for so long, others sweep what it swept. */
const MISSED_AFTER_MS = 1_500
/** Silent for so long, a node is buried: its links are taken out of the store. */
const BURIED_AFTER_MS = 10_000
/**
 * A node that was not answered for so long does not act on what it knows. It counts from before the beat was sent and others
 * from when it came, so that it stops before anybody buries it; the rest is for clocks that do not run alike.
 */
const MEMBER_MS = 8_000

type MembershipOptions = {
  readonly table: NodeTable
  readonly clock: Clock
  /** Makes names that no process ever had. */
  readonly newIncarnation: () => string
  /** Takes out of the store what it has of a dead node. Repeated until it succeeds. */
  readonly putAway: (node: string) => Promise<void>
  /** Told of a dead node whose burial this one has ended: of all that take part one, and none where that one dies of it. Default: nobody is told. */
  readonly onRemoved?: (node: string) => void
  /** Told when others than before are heard of, this node included. Default: nobody is told. */
  readonly onChange?: (alive: readonly string[], before: readonly string[]) => void
}

/** A node's part in the table: it says that it is there, learns who else is, and buries who is not. */
export class Membership implements Nodes {
  readonly isAlone = false
  readonly #options: MembershipOptions
  readonly #listeners: (() => Promise<void> | void)[] = []
  readonly #buriedListeners: ((node: string) => void)[] = []
  #self: string
  /** It has another incarnation, of which not everybody here has heard. */
  #isReturning = false
  #heardAtMs = Number.NEGATIVE_INFINITY
  #alive: readonly string[] = []
  #listed: readonly Listed[] = []
  /** Partitions whose sweeper was worked out since the last beat. */
  #sweepers = new Map<number, string | undefined>()
  #timer: Timer | undefined
  #beating: Promise<void> | undefined
  #burying: Promise<void> | undefined

  constructor(options: MembershipOptions) {
    this.#options = options
    this.#self = options.newIncarnation()
  }

  get self(): string {
    return this.#self
  }

  /** Those that were heard of lately, this node included. */
  get alive(): readonly string[] {
    return this.#alive
  }

  /** All that the table had at the last beat that was answered, this node included. Cheap. */
  seen(): readonly SeenNode[] {
    const sinceMs = this.#options.clock.monotonicMs() - this.#heardAtMs
    // While the table is away its clock stands, and so does what it says of the others.
    return this.#listed.map((one) => ({
      node: one.node,
      silentMs: one.silentMs + (Number.isFinite(sinceMs) ? sinceMs : 0),
      state: stateOf(one),
    }))
  }

  isMember(): boolean {
    return this.#options.clock.monotonicMs() - this.#heardAtMs < MEMBER_MS
  }

  sweeps(partition: number): boolean {
    let sweeper = this.#sweepers.get(partition)
    if (sweeper === undefined) {
      sweeper = keeperOf(`${partition}`, this.#alive)
      this.#sweepers.set(partition, sweeper)
    }
    return sweeper === this.#self
  }

  keeperOf(what: string): string {
    return keeperOf(what, this.#alive) ?? this.#self
  }

  heard(): readonly string[] {
    return this.#alive.filter((node) => node !== this.#self)
  }

  async others(): Promise<readonly string[]> {
    const self = this.#self
    const listed = await this.#options.table.beat(self)
    if (listed === undefined) throw new RollcallError('unavailable', 'This process was taken for dead.')
    return listed.filter(({ node, isBuried }) => node !== self && !isBuried).map(({ node }) => node)
  }

  onReturn(listener: () => Promise<void> | void): void {
    this.#listeners.push(listener)
  }

  onBuried(listener: (node: string) => void): void {
    this.#buriedListeners.push(listener)
  }

  /** Comes in, and goes on saying so. @throws RollcallError `unavailable` where the table cannot be reached */
  async start(): Promise<void> {
    const sentAtMs = this.#options.clock.monotonicMs()
    this.#learn(await this.#options.table.join(this.#self), sentAtMs)
    this.#timer = this.#options.clock.every(BEAT_MS, () => this.#startBeat())
  }

  /** Leaves. What it had must have been put away before. Idempotent. */
  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#beating
    await this.#burying
    this.#heardAtMs = Number.NEGATIVE_INFINITY
    await this.#options.table.remove(this.#self).catch(() => undefined)
  }

  #startBeat(): void {
    // One at a time. While the table cannot be reached this node grows silent, and stops being a member by its own clock.
    this.#beating ??= this.#beat()
      .catch(() => undefined)
      .finally(() => {
        this.#beating = undefined
      })
  }

  async #beat(): Promise<void> {
    const { table, clock } = this.#options
    const sentAtMs = clock.monotonicMs()
    const listed = this.#isReturning ? await table.join(this.#self) : await table.beat(this.#self)
    if (listed === undefined) return this.#beginAnew()
    // Where somebody cannot, the next beat tries again: until then it counts on nothing.
    if (this.#isReturning) await Promise.all(this.#listeners.map((listener) => listener()))
    this.#isReturning = false
    this.#learn(listed, sentAtMs)
    // Beside the beats: where a part of the store is away it takes its time, and this node is there meanwhile.
    this.#burying ??= this.#buryTheDead(listed)
      .catch(() => undefined)
      .finally(() => {
        this.#burying = undefined
      })
  }

  /** It was buried: it comes back as somebody else. */
  #beginAnew(): Promise<void> {
    this.#heardAtMs = Number.NEGATIVE_INFINITY
    this.#self = this.#options.newIncarnation()
    this.#isReturning = true
    return this.#beat()
  }

  #learn(listed: readonly Listed[], sentAtMs: number): void {
    const alive = listed.filter((one) => stateOf(one) === 'there')
    const before = this.#alive
    this.#listed = listed
    this.#alive = alive.map(({ node }) => node)
    const isChanged = before.length !== alive.length || this.#alive.some((node) => !before.includes(node))
    if (isChanged) this.#options.onChange?.(this.#alive, before)
    this.#sweepers.clear()
    this.#heardAtMs = sentAtMs
  }

  /** Everybody does it, and it does no harm twice: one that did it alone might die of it. */
  async #buryTheDead(listed: readonly Listed[]): Promise<void> {
    const { table, putAway } = this.#options
    for (const { node, silentMs, isBuried } of listed) {
      if (node === this.#self || (!isBuried && silentMs < BURIED_AFTER_MS)) continue
      // First it cannot come back, and then what it had is put away: where this is interrupted, the next goes on.
      await table.bury(node)
      await putAway(node)
      if (await table.remove(node)) this.#options.onRemoved?.(node)
      for (const listener of this.#buriedListeners) listener(node)
    }
  }
}

function stateOf({ silentMs, isBuried }: Listed): SeenNode['state'] {
  if (isBuried) return 'gone'
  return silentMs < MISSED_AFTER_MS ? 'there' : 'silent'
}
