import type { Clock } from '../../../clock/clock.ts'
import type { Run } from './session.ts'
import { readInfo } from './setup.ts'
import type { Address, Wire } from './wire.ts'

/** How long it is asked, and how often; milliseconds. A replica tells its primary once a second how far it is. */
const ASKED_FOR_MS = 2_000
const ASK_EVERY_MS = 50

/** What a Redis says of whom it follows, and who follows it: `INFO replication`, with its `run_id`. */
export type Replication = ReadonlyMap<string, string>

export type SuccessionOptions = {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly replicas: number
  readonly connect: (address: Address) => Wire
  /** To every Redis that takes writes now. */
  readonly wires: () => readonly Wire[]
}

/**
 * Finds out of what a primary had carried out, and `WAIT` was not answered of any more, whether there are copies. One that was
 * demoted in a planned failover is asked itself: where it goes on from where it was, whoever it follows now has all of it.
 */
export class Succession {
  readonly #options: SuccessionOptions

  constructor(options: SuccessionOptions) {
    this.#options = options
  }

  /** `run` was at this address, and has carried out nothing for this process since it is asked. */
  async isKept(address: Address, run: Run): Promise<boolean> {
    const { clock, connect } = this.#options
    const wire = connect(address)
    try {
      await wire.open()
      let end: number | undefined
      for (const untilMs = clock.monotonicMs() + ASKED_FOR_MS; clock.monotonicMs() < untilMs; ) {
        const former = await replicationOf(wire)
        if (former.get('run_id') !== run.id) return false
        end ??= endOf(former, run)
        if (await this.#hasCopies(former, run, end)) return true
        await clock.sleep(ASK_EVERY_MS)
      }
      return false
    } finally {
      wire.close()
    }
  }

  async #hasCopies(former: Replication, run: Run, end: number | undefined): Promise<boolean> {
    const { replicas, wires } = this.#options
    // It still takes writes, or does again: only the connection was lost.
    if (end !== undefined && isPrimaryOf(former, run.history)) return copiesOf(former, end) >= replicas
    const others = await Promise.allSettled(wires().map(replicationOf))
    return others.some(
      (other) => other.status === 'fulfilled' && isSucceeded(former, other.value, run, replicas),
    )
  }
}

/** Up to where everything that this process was answered is, as long as it is a primary. */
function endOf(former: Replication, { history }: Run): number | undefined {
  return isPrimaryOf(former, history) ? Number(former.get('master_repl_offset')) : undefined
}

function isPrimaryOf(redis: Replication, history: string): boolean {
  return redis.get('role') === 'master' && redis.get('master_replid') === history
}

/**
 * Whether one that was a primary follows a successor that has all of it, and so have enough others. A replica that had more than its
 * new primary knows is given everything anew, and has no former history then.
 */
export function isSucceeded(
  former: Replication,
  successor: Replication,
  { history }: Run,
  replicas: number,
): boolean {
  const hasGoneOn =
    former.get('role') === 'slave' &&
    former.get('master_link_status') === 'up' &&
    former.get('master_replid2') === history &&
    former.get('master_replid') === successor.get('master_replid')
  const isNext = successor.get('role') === 'master' && successor.get('master_replid2') === history
  return hasGoneOn && isNext && copiesOf(successor, Number(former.get('second_repl_offset')) - 1) >= replicas
}

/** How many replicas have everything up to there. */
function copiesOf(primary: Replication, end: number): number {
  const rows = [...primary].filter(([name, row]) => /^slave\d+$/.test(name) && row.includes('state=online'))
  return rows.filter(([, row]) => Number(/offset=(\d+)/.exec(row)?.[1]) >= end).length
}

async function replicationOf(wire: Wire): Promise<Replication> {
  return readInfo(String(await wire.send('INFO', ['server', 'replication'])))
}
