import { CHART_MS } from '../bounds.ts'
import type { Swept } from '../store.ts'
import { isYes, list, number, optional } from './connection/answers.ts'
import { type Engine, earliest, partitionMax } from './engine.ts'
import { toPosition } from './mailboxes/positions.ts'
import { toRegistration } from './registrations/rows.ts'

type Part = Omit<Swept, 'nextDueInMs'> & {
  readonly hasMore: boolean
  /** There was more to prune than there was leave for. */
  readonly isBehind: boolean
}

/** See `Store.sweep`: of all partitions of this process that want it, each with its share of `max`, again while there is more. */
export async function sweep(engine: Engine, max: number): Promise<Swept> {
  const { due, serviceTime, functions, sweeps } = engine
  functions.assertOpen()
  const parts: Part[] = []
  let left = max
  let wanted = due.at(serviceTime.nowMs(), sweeps)
  while (wanted.length > 0 && left > 0) {
    const turn = wanted.slice(0, left)
    const share = Math.max(1, Math.floor(left / turn.length))
    const swept = await Promise.all(
      turn.map((partition) => sweepOne(engine, partition, { max: share, upkeepMax: 0, ageMs: '' })),
    )
    parts.push(...swept)
    left -= countOf(swept)
    wanted = [...turn.filter((_, index) => swept[index]?.hasMore === true), ...wanted.slice(turn.length)]
  }
  return {
    reminded: parts.flatMap(({ reminded }) => reminded),
    expired: parts.flatMap(({ expired }) => expired),
    lapsed: parts.flatMap(({ lapsed }) => lapsed),
    nextDueInMs: wanted.length > 0 ? 0 : due.nextInMs(serviceTime.nowMs(), sweeps),
  }
}

function countOf(parts: readonly Part[]): number {
  const ended = parts.reduce((sum, { reminded, expired }) => sum + reminded.length + expired.length, 0)
  return Math.max(
    ended,
    parts.reduce((sum, { lapsed }) => sum + lapsed.length, 0),
  )
}

/** One partition's time goes on. `upkeepMax`: how much of what is over is pruned of each kind. */
export function timeGoesOn(engine: Engine, partition: number, upkeepMax: number): Promise<Part> {
  const { serviceTime } = engine
  // Since then nobody knows who has sent something that was not read.
  const ageMs = Math.max(0, Math.ceil(serviceTime.nowMs() - serviceTime.heardMs()))
  return sweepOne(engine, partition, { max: 0, upkeepMax, ageMs })
}

type Turn = { readonly max: number; readonly upkeepMax: number; readonly ageMs: number | '' }

async function sweepOne(engine: Engine, partition: number, { max, upkeepMax, ageMs }: Turn): Promise<Part> {
  const { functions, serviceTime, due, historyBounds, bookBounds, known } = engine
  const { lastSeenUsersMax, organizationSharePercent } = bookBounds
  const lastSeen = [partitionMax(engine, lastSeenUsersMax), organizationSharePercent < 100 ? 1 : 0]
  const args = [ageMs, max, earliest(engine), historyBounds.ageMsMax, upkeepMax, CHART_MS, ...lastSeen]
  const [reminded, expired, lapsed, nextInMs, hasMore, isBehind, lastSeenGone] = list(
    await functions.call('quick', 'sweep', partition, args),
  )
  const inMs = optional(nextInMs, number) ?? Number.POSITIVE_INFINITY
  known.lastSeenDropped += number(lastSeenGone ?? 0)
  due.set(partition, serviceTime.nowMs() + inMs)
  return {
    reminded: list(reminded).map(toRegistration),
    expired: list(expired).map(toRegistration),
    lapsed: list(lapsed).map(toPosition),
    hasMore: isYes(hasMore),
    isBehind: isYes(isBehind),
  }
}
