import type { Clock } from '../../../clock/clock.ts'
import { list } from './answers.ts'
import type { Lane } from './lane.ts'
import type { Library } from './library.ts'
import type { Partitions } from './partitions.ts'
import { CLOSED, refused } from './refusals.ts'
import type { Answer } from './wire.ts'

export type FunctionsOptions = {
  readonly library: Library
  readonly partitions: Partitions
  readonly clock: Pick<Clock, 'wallMs'>
  /** Redis's own time, milliseconds, in its place: for tests. */
  readonly timeMs?: () => number
  readonly durable: Lane
  readonly quick: Lane
  /** Told what a function says besides its reply. */
  readonly onNotes: (partition: number, notes: readonly Answer[]) => void
}

/** `durable`: what it did counts once there are as many copies as asked for. */
export type LaneName = 'durable' | 'quick'

type Argument = string | Buffer | number

/** Calls the functions of the library. Each call is one atomic step on one partition. */
export class Functions {
  readonly #options: FunctionsOptions
  #isShut = false

  constructor(options: FunctionsOptions) {
    this.#options = options
  }

  /** Refuses every call from now on. */
  shut(): void {
    this.#isShut = true
  }

  assertOpen(): void {
    if (this.#isShut) throw refused(CLOSED)
  }

  /** @throws RollcallError `unavailable` */
  async call(
    lane: LaneName,
    name: string,
    partition: number,
    args: readonly Argument[] = [],
  ): Promise<Answer> {
    this.assertOpen()
    const { library, partitions, clock, timeMs, onNotes } = this.#options
    const functionName = library.nameOf(name)
    const time = timeMs === undefined ? '' : String(timeMs())
    const given = args.map((arg) => (typeof arg === 'number' ? String(arg) : arg))
    const all = [functionName, '1', partitions.baseOf(partition), time, String(clock.wallMs()), ...given]
    const isRepeatable = library.functions.get(functionName)?.flags.includes('no-writes') === true
    const [answer = null, notes] = list(await this.#options[lane].send({ args: all, isRepeatable }))
    onNotes(partition, list(notes))
    return answer
  }

  /** The same of every partition at once, in their order. */
  callAll(lane: LaneName, name: string, args: readonly Argument[] = []): Promise<readonly Answer[]> {
    return Promise.all(
      this.#options.partitions.all.map((partition) => this.call(lane, name, partition, args)),
    )
  }

  get waitingBytes(): number {
    const { durable, quick } = this.#options
    return durable === quick ? durable.waitingBytes : durable.waitingBytes + quick.waitingBytes
  }
}
