import { encodeFields, FieldReader } from './fields.ts'
import type { Rows } from './rows.ts'

/** Recoveries remembered. Past it the oldest are joined, which errs on the side of living longer. */
const RECOVERIES_MAX = 64

const RECOVERIES_KEY = Buffer.from('recoveries')

/**
 * The end of a stop that was not clean, on service time: the time of the last heartbeat, or, for several
 * joined into one, of the first and the last. Keepalives answered after that heartbeat are lost, so whoever
 * lived at `fromMs` is given a full period from `toMs`. (docs/adr/0003-service-time.md)
 */
export type Recovery = { readonly fromMs: number; readonly toMs: number }

/** The deadline of a row, with every recovery since it was written taken into account. */
export function liftDeadline(expiresAtMs: number, periodMs: number, recoveries: readonly Recovery[]): number {
  let deadlineMs = expiresAtMs
  for (const { fromMs, toMs } of recoveries)
    if (deadlineMs > fromMs) deadlineMs = Math.max(deadlineMs, toMs + periodMs)
  return deadlineMs
}

/** Adds the newest recovery. */
export function addRecovery(recoveries: readonly Recovery[], atMs: number): readonly Recovery[] {
  const [first, second, ...rest] = [...recoveries, { fromMs: atMs, toMs: atMs }]
  if (first === undefined || second === undefined) return [{ fromMs: atMs, toMs: atMs }]
  if (rest.length + 2 <= RECOVERIES_MAX) return [first, second, ...rest]
  return [{ fromMs: first.fromMs, toMs: second.toMs }, ...rest]
}

/**
 * Forgets the recoveries that can lift nobody any more. An old one counts as long as a later one follows
 * within a period: whoever lived at the later may have done so only because of the older.
 *
 * @param periodMaxMs longest period of any registration
 */
export function pruneRecoveries(
  recoveries: readonly Recovery[],
  nowMs: number,
  periodMaxMs: number,
): readonly Recovery[] {
  const isOver = ({ toMs }: Recovery, index: number) =>
    toMs + periodMaxMs <= (recoveries[index + 1]?.fromMs ?? nowMs)
  const lastOver = recoveries.findLastIndex(isOver)
  return recoveries.slice(lastOver + 1)
}

export function readRecoveries(rows: Rows): readonly Recovery[] {
  const row = rows.get('meta', RECOVERIES_KEY)
  if (row === undefined) return []
  const reader = new FieldReader(row)
  return Array.from({ length: reader.number() }, () => ({ fromMs: reader.number(), toMs: reader.number() }))
}

export function recoveriesChange(recoveries: readonly Recovery[]) {
  const numbers = recoveries.flatMap(({ fromMs, toMs }) => [fromMs, toMs])
  return { table: 'meta', key: RECOVERIES_KEY, value: encodeFields([recoveries.length, ...numbers]) } as const
}
