import { CHART_MS } from '../bounds.ts'
import type { Swept } from '../store.ts'
import { isYes, list, number, optional } from './connection/answers.ts'
import { type Engine, earliest, partitionMax } from './engine.ts'
import { toPosition } from './mailboxes/positions.ts'
import { toRegistration } from './registrations/rows.ts'

/** When a partition that could not be reached is looked at again, milliseconds. */
const AWAY_FOR_MS = 500
/** As many of one partition are looked at in one step, where that many may be: a step costs as much as some of them. */
const TOGETHER = 32

type Part = Omit<Swept, 'nextDueInMs'> & {
  readonly hasMore: boolean
  /** There was more to prune than there was leave for. */
  readonly isBehind: boolean
}

/**
 * See `Store.sweep`: of the partitions of this process that want it, some at a time, each with its share of `max`, again while there is more. What
 * was done is told although another partition could not be reached, which is looked at later.
 *
 * @throws RollcallError `unavailable` where none could be reached
 */
export async function sweep(engine: Engine, max: number): Promise<Swept> {
  const { due, serviceTime, functions, sweeps } = engine
  functions.assertOpen()
  const parts: Part[] = []
  let left = max
  let wanted = reachedOf(engine, due.at(serviceTime.nowMs(), sweeps))
  while (wanted.length > 0 && left > 0) {
    const turn = wanted.slice(0, Math.max(1, Math.floor(left / TOGETHER)))
    const share = Math.max(1, Math.floor(left / turn.length))
    const swept = await sweepTurn(engine, turn, share, parts.length === 0)
    parts.push(...swept.map(({ part }) => part))
    left -= countOf(swept.map(({ part }) => part))
    const again = swept.flatMap(({ part, partition }) => (part.hasMore ? [partition] : []))
    wanted = [...again, ...wanted.slice(turn.length)]
  }
  return {
    reminded: parts.flatMap(({ reminded }) => reminded),
    expired: parts.flatMap(({ expired }) => expired),
    lapsed: parts.flatMap(({ lapsed }) => lapsed),
    nextDueInMs: wanted.length > 0 ? 0 : due.nextInMs(serviceTime.nowMs(), sweeps),
  }
}

type Done = { readonly partition: number; readonly part: Part }

/** Those that cannot be reached are looked at later, so that the others do not wait for them. */
function reachedOf({ due, serviceTime, isUp }: Engine, wanted: readonly number[]): readonly number[] {
  const laterMs = serviceTime.nowMs() + AWAY_FOR_MS
  for (const partition of wanted) if (!isUp(partition)) due.set(partition, laterMs)
  return wanted.filter(isUp)
}

async function sweepTurn(
  engine: Engine,
  turn: readonly number[],
  max: number,
  isFirst: boolean,
): Promise<readonly Done[]> {
  const { due, serviceTime } = engine
  const settled = await Promise.allSettled(
    turn.map((partition) => sweepOne(engine, partition, { max, upkeepMax: 0, ageMs: '' })),
  )
  const swept: Done[] = []
  for (const [index, one] of settled.entries()) {
    const partition = turn[index] ?? 0
    if (one.status === 'fulfilled') swept.push({ partition, part: one.value })
    else due.set(partition, serviceTime.nowMs() + AWAY_FOR_MS)
  }
  const [first] = settled
  if (isFirst && swept.length === 0 && first?.status === 'rejected') throw first.reason
  return swept
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
  const { functions, serviceTime, due, historyBounds, bookBounds, known, times } = engine
  const { lastSeenUsersMax, organizationSharePercent } = bookBounds
  const lastSeen = [partitionMax(engine, lastSeenUsersMax), organizationSharePercent < 100 ? 1 : 0]
  const bounds = [earliest(engine), historyBounds.ageMsMax, upkeepMax, CHART_MS, ...lastSeen]
  const args = [ageMs, max, ...bounds, times.get(partition) ?? '']
  const [reminded, expired, lapsed, nextInMs, hasMore, isBehind, lastSeenGone, nowMs, lostMs] = list(
    await functions.call('quick', 'sweep', partition, args),
  )
  times.set(partition, number(nowMs))
  if (number(lostMs) > 0) wentBack(engine, partition, number(lostMs))
  const inMs = optional(nextInMs, number) ?? Number.POSITIVE_INFINITY
  known.lastSeenDropped += number(lastSeenGone)
  due.set(partition, serviceTime.nowMs() + inMs)
  return {
    reminded: list(reminded).map(toRegistration),
    expired: list(expired).map(toRegistration),
    lapsed: list(lapsed).map(toPosition),
    hasMore: isYes(hasMore),
    isBehind: isYes(isBehind),
  }
}

/** An older copy has taken its place, or somebody has restored one. */
function wentBack({ losses, log, partitions }: Engine, partition: number, lostMs: number): void {
  losses.add(partition)
  log.error('A part of the store is as it was before: what came since is lost', {
    err: new Error(`${partitions.baseOf(partition)} is as it was ${Math.ceil(lostMs / 1000)} s ago`),
  })
}
