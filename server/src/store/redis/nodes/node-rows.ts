import { type Clock, onceAMinute } from '../../../clock/clock.ts'
import type { StoreLog } from '../../store-log.ts'
import { isYes, list, number, text } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import { CONTROL } from '../connection/partitions.ts'
import { SetupError } from '../connection/setup.ts'
import type { Answer } from '../connection/wire.ts'

/** A process as the table has it. */
export type NodeRow = {
  readonly node: string
  readonly name: string
  /** Since it said that it is there, by a clock that stands while nobody does. */
  readonly silentMs: number
  readonly isBuried: boolean
  /** When it said so, by that clock. */
  readonly atMs: number
}

/** Another process has the name of this one, and is there. */
class NameTakenError extends SetupError {
  override name = 'NameTakenError'
}

/** How long one that has the name is waited for: it may have died a moment ago. And how often it is looked, milliseconds. */
const WAIT_MS = 4_000
const LOOK_EVERY_MS = 250
/** A wall clock that differs from Redis's by more is told of. */
const SKEW_MS_MAX = 1_000

export type NodeRowsOptions = {
  readonly functions: Functions
  /** What people call this process: one each. */
  readonly name: string
  readonly clock: Clock
  readonly log: StoreLog
}

/** The table of the processes that have the store, in its control partition: `NodeTable` of `cluster/`. */
export class NodeRows {
  readonly #options: NodeRowsOptions
  readonly #maySay: (what: string) => boolean

  constructor(options: NodeRowsOptions) {
    this.#options = options
    this.#maySay = onceAMinute(options.clock)
  }

  /**
   * A process comes in.
   *
   * @throws NameTakenError where another has its name; RollcallError `unavailable`
   */
  async join(node: string): Promise<readonly NodeRow[]> {
    const { functions, name, clock } = this.#options
    const untilMs = clock.monotonicMs() + WAIT_MS
    for (;;) {
      const [kind, rows = null] = list(await functions.call('durable', 'node_join', CONTROL, [node, name]))
      if (text(kind) === 'listed') return readRows(rows)
      if (clock.monotonicMs() >= untilMs) throw nameTaken(name, text(rows))
      await clock.sleep(LOOK_EVERY_MS)
    }
  }

  async beat(node: string): Promise<readonly NodeRow[] | undefined> {
    const { functions, clock } = this.#options
    const sentAtMs = clock.wallMs()
    const answer = await functions.call('quick', 'node_beat', CONTROL, [node])
    if (answer === null) return undefined
    const [timeMs, rows = null] = list(answer)
    this.#compare(number(timeMs), sentAtMs, clock.wallMs())
    return readRows(rows)
  }

  async bury(node: string): Promise<void> {
    await this.#options.functions.call('durable', 'node_bury', CONTROL, [node])
  }

  async remove(node: string): Promise<boolean> {
    return isYes(await this.#options.functions.call('quick', 'node_remove', CONTROL, [node]))
  }

  /** Registrations are kept by Redis's time; lifetimes of events by the clock of whoever sends them. */
  #compare(redisMs: number, fromMs: number, toMs: number): void {
    const byMs = redisMs < fromMs ? redisMs - fromMs : Math.max(0, redisMs - toMs)
    if (Math.abs(byMs) <= SKEW_MS_MAX || !this.#maySay('skew')) return
    this.#options.log.warn(
      "The clock of this machine differs from Redis's: set both by the same time service",
      {
        bySeconds: -byMs / 1000,
      },
    )
  }
}

/** Of whoever is none of them yet. */
export async function listNodes(functions: Functions): Promise<readonly NodeRow[]> {
  return readRows(await functions.call('quick', 'node_list', CONTROL))
}

function readRows(answer: Answer): readonly NodeRow[] {
  return list(answer).map((row) => {
    const [node, name, silentMs, isBuried, atMs] = list(row)
    return {
      node: text(node),
      name: text(name),
      silentMs: number(silentMs),
      isBuried: isYes(isBuried),
      atMs: number(atMs),
    }
  })
}

function nameTaken(name: string, node: string): NameTakenError {
  return new NameTakenError(
    `Another process named ${name} is there already (${node}). Give each process a NODE_NAME of its own, or stop the other.`,
  )
}
