import type { Clock } from '../../../clock/clock.ts'
import { list } from './answers.ts'
import type { Lanes } from './lanes.ts'
import type { FunctionFlag, Library } from './library.ts'
import type { Partitions } from './partitions.ts'
import { AWAY, CLOSED, refused } from './refusals.ts'
import type { Company } from './waiting.ts'
import type { Answer } from './wire.ts'

export type FunctionsOptions = {
  readonly library: Library
  readonly partitions: Partitions
  readonly clock: Pick<Clock, 'wallMs'>
  /** Redis's own time, milliseconds, in its place: for tests. */
  readonly timeMs?: () => number
  readonly lanes: Pick<Lanes, 'send' | 'waitingBytes'>
  /** Whether a partition is served already: of one that was away since the start nothing is asked. Default: all are. */
  readonly isServed?: (partition: number) => boolean
  /** Told what a function says besides its reply. Returns what is called once what it did counts. */
  readonly onNotes: (partition: number, notes: readonly Answer[]) => () => void
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

  /**
   * @param onCarriedOut told the answer before there are copies of what was done, and before whatever came later is answered
   * @throws RollcallError `unavailable`
   */
  async call(
    lane: LaneName,
    name: string,
    partition: number,
    args: readonly Argument[] = [],
    onCarriedOut: (answer: Answer) => void = () => undefined,
  ): Promise<Answer> {
    this.assertOpen()
    const { library, lanes, partitions, clock, timeMs, onNotes, isServed = () => true } = this.#options
    if (!isServed(partition)) throw refused(AWAY)
    const functionName = library.nameOf(name)
    const time = timeMs === undefined ? '' : String(timeMs())
    const given = args.map((arg) => (typeof arg === 'number' ? String(arg) : arg))
    const all = [functionName, '1', partitions.baseOf(partition), time, String(clock.wallMs()), ...given]
    const flags = library.functions.get(functionName)?.flags ?? []
    let tell: () => void = () => undefined
    const [answer = null] = list(
      await lanes.send(partition, {
        args: all,
        isRepeatable: flags.includes('no-writes'),
        isDurable: lane === 'durable',
        company: companyOf(name, flags),
        // At once: the next call's may say what came of it since.
        onCarriedOut: (carriedOut) => {
          const [reply = null, notes] = list(carriedOut)
          tell = onNotes(partition, list(notes))
          onCarriedOut(reply)
        },
      }),
    )
    tell()
    return answer
  }

  /** The same of every partition at once, in their order. */
  callAll(lane: LaneName, name: string, args: readonly Argument[] = []): Promise<readonly Answer[]> {
    return Promise.all(
      this.#options.partitions.all.map((partition) => this.call(lane, name, partition, args)),
    )
  }

  /** The same of those that can be reached. */
  async callReached(
    lane: LaneName,
    name: string,
    args: readonly Argument[] = [],
  ): Promise<readonly { readonly partition: number; readonly answer: Answer }[]> {
    const { all } = this.#options.partitions
    const settled = await Promise.allSettled(all.map((partition) => this.call(lane, name, partition, args)))
    return settled.flatMap((one, partition) =>
      one.status === 'fulfilled' ? [{ partition, answer: one.value }] : [],
    )
  }

  get waitingBytes(): number {
    return this.#options.lanes.waitingBytes
  }
}

/** What runs where a partition may not have begun is not carried out together with others. */
function companyOf(name: string, flags: readonly FunctionFlag[]): Company {
  if (name === 'wake') return 'alone'
  return flags.length > 0 ? 'frugal' : 'other'
}
