import type { Clock } from '../../../clock/clock.ts'
import { Lane, type LaneOptions, PATIENCE_MS } from './lane.ts'
import { CONTROL, type Partitions } from './partitions.ts'
import type { Command } from './waiting.ts'
import type { Answer } from './wire.ts'

export type LanesOptions = Omit<LaneOptions, 'waiting' | 'onWaiting' | 'onIdle' | 'clock'> & {
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>
  readonly partitions: Partitions
}

/** The lanes of all partitions. */
export class Lanes {
  readonly #clock: LanesOptions['clock']
  readonly #waiting = { bytes: 0 }
  readonly #lanes: ReadonlyMap<number, Lane>
  readonly #idle: (() => void)[] = []
  #isGivingUp = false

  constructor({ partitions, ...options }: LanesOptions) {
    this.#clock = options.clock
    const common: LaneOptions = {
      ...options,
      waiting: this.#waiting,
      onWaiting: () => this.#giveUpLater(),
      onIdle: () => this.#settled(),
    }
    const all = [CONTROL, ...partitions.all]
    this.#lanes = new Map(all.map((partition) => [partition, new Lane(partition, common)]))
  }

  get waitingBytes(): number {
    return this.#waiting.bytes
  }

  /** @throws RollcallError `unavailable`: see {@link Lane} */
  send(partition: number, command: Command): Promise<Answer> {
    const lane = this.#lanes.get(partition)
    if (lane === undefined) throw new TypeError('There is no such partition.')
    return lane.send(command)
  }

  /** Something that could not be reached may be now. */
  flush(): void {
    for (const lane of this.#lanes.values()) lane.flush()
  }

  /** Resolves once nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Sends nothing more. What waits is refused. */
  close(): void {
    for (const lane of this.#lanes.values()) lane.close()
  }

  #isIdle(): boolean {
    return [...this.#lanes.values()].every(({ isIdle }) => isIdle)
  }

  #settled(): void {
    if (this.#idle.length === 0 || !this.#isIdle()) return
    for (const tell of this.#idle.splice(0)) tell()
  }

  #giveUpLater(): void {
    if (this.#isGivingUp) return
    this.#isGivingUp = true
    this.#clock.after(PATIENCE_MS / 4, () => {
      this.#isGivingUp = false
      for (const lane of this.#lanes.values()) lane.giveUp()
    })
  }
}
