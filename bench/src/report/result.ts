import type { Bound, Case, Measure } from '../cases/case.ts'
import type { Subject } from '../lab/lab.ts'
import type { Spread } from './statistics.ts'

/** What was found out about one measure. */
export type Row = {
  readonly measure: Measure
  readonly rollcall: Spread | undefined
  readonly reference: Spread | undefined
  /** Rollcall's median by the reference's, of what says how good it is; how busy a server was does not. */
  readonly ratio: number | undefined
  /** `undefined` where there is no target, or nothing was measured. */
  readonly holds: boolean | undefined
}

/** A case after all of its runs. */
export type Result = {
  readonly name: string
  readonly title: string
  readonly runs: number
  readonly rows: readonly Row[]
  /** Why it came to nothing; the rows are empty then. */
  readonly failure: string | undefined
}

type Values = ReadonlyMap<Subject, readonly Spread[]>

export function resultOf({ name, title, measures }: Case, runs: number, values: Values): Result {
  const rows = measures.map((measure, index) =>
    rowOf(measure, values.get('rollcall')?.[index], values.get('reference')?.[index]),
  )
  return { name, title, runs, rows, failure: undefined }
}

function rowOf(measure: Measure, rollcall: Spread | undefined, reference: Spread | undefined): Row {
  const isMeasured = rollcall !== undefined && measure.target !== undefined
  return {
    measure,
    rollcall,
    reference,
    ratio: isComparable(measure) && rollcall && reference ? rollcall.median / reference.median : undefined,
    holds: isMeasured ? isWithin(rollcall.median, measure.target) : undefined,
  }
}

function isComparable({ unit }: Measure): boolean {
  return unit !== '%' && unit !== '/s'
}

function isWithin(value: number, bound: Bound): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost
}
