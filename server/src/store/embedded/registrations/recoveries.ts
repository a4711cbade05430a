import type { Recovery } from '../../recovery.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Rows } from '../rows.ts'

/** Recoveries remembered. Past it the oldest are joined, which errs on the side of living longer. */
const RECOVERIES_MAX = 64

const RECOVERIES_KEY = Buffer.from('recoveries')

/** Liveness rows say which recovery was the newest when they were written: only later ones lift them. */
export type NumberedRecovery = Recovery & { readonly number: number }

/** The recoveries that may still lift somebody, oldest first. */
export type Recoveries = {
  readonly list: readonly NumberedRecovery[]
  /** Number of the newest there ever was; 0: there was none. */
  readonly newest: number
}

export const NO_RECOVERIES: Recoveries = { list: [], newest: 0 }

/** Adds the newest recovery. Two joined into one count from the first's beginning to the second's end. */
export function addRecovery({ list, newest }: Recoveries, recovery: Recovery): Recoveries {
  const number = newest + 1
  const all = [...list, { ...recovery, number }]
  const [first, second, ...rest] = all
  if (first === undefined || second === undefined || all.length <= RECOVERIES_MAX)
    return { list: all, newest: number }
  const leastMs = Math.max(first.leastMs, second.leastMs)
  return { list: [{ ...second, fromMs: first.fromMs, leastMs }, ...rest], newest: number }
}

/**
 * Forgets the recoveries that can lift nobody any more. An old one counts as long as a later one follows
 * within a period: whoever lived at the later may have done so only because of the older.
 *
 * @param periodMaxMs longest period of any registration
 */
export function pruneRecoveries(
  { list, newest }: Recoveries,
  nowMs: number,
  periodMaxMs: number,
): Recoveries {
  let untilMs = Number.NEGATIVE_INFINITY
  let firstKept = 0
  for (const [index, { toMs, leastMs }] of list.entries()) {
    // An earlier one may reach further: after a start the shortest periods are longer.
    untilMs = Math.max(untilMs, toMs + Math.max(periodMaxMs, leastMs))
    if (untilMs <= (list[index + 1]?.fromMs ?? nowMs)) firstKept = index + 1
  }
  return { list: list.slice(firstKept), newest }
}

export function readRecoveries(rows: Rows): Recoveries {
  const row = rows.get('meta', RECOVERIES_KEY)
  if (row === undefined) return NO_RECOVERIES
  const reader = new FieldReader(row)
  const times = Array.from({ length: reader.number() }, () => ({
    fromMs: reader.number(),
    toMs: reader.number(),
  }))
  // Rows from before end here: those had no least, and no liveness row knew of them.
  const isOld = reader.isAtEnd
  const list = times.map((time, index) => ({
    ...time,
    leastMs: isOld ? 0 : reader.number(),
    number: isOld ? index + 1 : reader.number(),
  }))
  return { list, newest: isOld ? list.length : reader.number() }
}

export function recoveriesChange({ list, newest }: Recoveries) {
  const times = list.flatMap(({ fromMs, toMs }) => [fromMs, toMs])
  const terms = list.flatMap(({ leastMs, number }) => [leastMs, number])
  const value = encodeFields([list.length, ...times, ...terms, newest])
  return { table: 'meta', key: RECOVERIES_KEY, value } as const
}
