import type { Clock } from '../../server/src/clock/clock.ts'
import type { Beat, Listed, NodeTable, Receiver, Router, Subject } from '../../server/src/cluster/cluster.ts'
import type { Dice } from '../sim/dice.ts'

/** A node as the network reaches it. */
export type Reached = {
  /** Its incarnation now. */
  readonly self: () => string
  /** Runs what arrives: at once, once the process goes on, or never. Default: at once. */
  readonly enter?: (run: () => void) => void
}

/** What becomes of messages: each figure in per cent, and the longest way, milliseconds. */
export type Weather = { readonly loss: number; readonly doubling: number; readonly delayMsMax: number }

const FAIR: Weather = { loss: 0, doubling: 0, delayMsMax: 2 }

type Station = Reached & { readonly receivers: Map<Subject, Receiver> }

/** Carries messages between nodes as badly as it is told to: lost, doubled, late, and in another order. Seeded. */
export class SimulatedNetwork {
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #stations: Station[] = []
  weather: Weather = FAIR
  /** Sees, and may keep, what is sent. Default: all of it goes. */
  mayPass: (to: string, subject: Subject, message: Uint8Array) => boolean = () => true
  readonly tally = { sent: 0, lost: 0, doubled: 0 }

  constructor(clock: Clock, dice: Dice) {
    this.#clock = clock
    this.#dice = dice
  }

  router(reached: Reached): Router {
    const station: Station = { ...reached, receivers: new Map() }
    this.#stations.push(station)
    return {
      send: (node, subject, message) => this.#send(reached.self(), node, subject, Buffer.from(message)),
      receive: (subject, receiver) => void station.receivers.set(subject, receiver),
    }
  }

  #send(from: string, to: string, subject: Subject, message: Buffer): void {
    const { loss, doubling } = this.weather
    this.tally.sent++
    if (this.#dice.chance(loss) || !this.mayPass(to, subject, message)) {
      this.tally.lost++
      return
    }
    this.#carry(from, to, subject, message)
    if (!this.#dice.chance(doubling)) return
    this.tally.doubled++
    this.#carry(from, to, subject, message)
  }

  #carry(from: string, to: string, subject: Subject, message: Buffer): void {
    const delayMs = this.#dice.roll(this.weather.delayMsMax + 1)
    this.#clock.after(delayMs, () => {
      for (const station of this.#stations)
        if (station.self() === to)
          this.#arrive(station, to, () => station.receivers.get(subject)?.(message, from))
    })
  }

  #arrive({ self, enter }: Station, to: string, run: () => void): void {
    const stillIt = (): void => {
      // It may have been buried while this waited for it.
      if (self() === to) run()
    }
    if (enter === undefined) stillIt()
    else enter(stillIt)
  }
}

/** The table of nodes, in memory, with a clock of its own. */
export class MemoryNodeTable implements NodeTable {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #nodes = new Map<string, { beatAtMs: number; isBuried: boolean }>()
  readonly #joined = new Set<string>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  async join(node: string): Promise<readonly Listed[]> {
    // A join whose answer was lost is repeated.
    if (!this.#joined.has(node))
      this.#nodes.set(node, { beatAtMs: this.#clock.monotonicMs(), isBuried: false })
    this.#joined.add(node)
    return this.#list()
  }

  async beat(node: string): Promise<Beat> {
    const known = this.#nodes.get(node)
    if (known === undefined || known.isBuried) return undefined
    known.beatAtMs = this.#clock.monotonicMs()
    return this.#list()
  }

  async bury(node: string): Promise<void> {
    const known = this.#nodes.get(node)
    if (known !== undefined) known.isBuried = true
  }

  async remove(node: string): Promise<boolean> {
    return this.#nodes.delete(node)
  }

  #list(): readonly Listed[] {
    const nowMs = this.#clock.monotonicMs()
    return [...this.#nodes].map(([node, { beatAtMs, isBuried }]) => ({
      node,
      isBuried,
      silentMs: nowMs - beatAtMs,
    }))
  }
}
