import type { Bound, Case, Measure } from '../cases/case.ts'
import type { Subject } from '../lab/lab.ts'
import type { Spread } from './statistics.ts'

/** What was found out about one measure. */
export type Row = {
  readonly measure: Measure
  readonly rollcall: Spread | undefined
  readonly reference: Spread | undefined
  readonly peer: Spread | undefined
  /** Rollcall's median by the reference's, of what says how good it is; how busy a server was does not. */
  readonly ratio: number | undefined
  /** The same by the peer's. */
  readonly peerRatio: number | undefined
  /** `undefined` where there is no target, or nothing was measured. */
  readonly holds: boolean | undefined
}

/** A case after all of its runs. */
export type Result = {
  readonly name: string
  readonly title: string
  readonly runs: number
  readonly rows: readonly Row[]
  /** Whose the peer's numbers are; absent where there are none. */
  readonly peerName?: string
  /** Why it came to nothing; the rows are empty then. */
  readonly failure: string | undefined
}

/** Whose numbers stand in a column. */
export type Contender = Subject | 'peer'

type Values = ReadonlyMap<Contender, readonly Spread[]>

export function resultOf({ name, title, measures, peer }: Case, runs: number, values: Values): Result {
  const rows = measures.map((measure, index) => {
    const of = (contender: Contender) => values.get(contender)?.[index]
    return rowOf(measure, of('rollcall'), of('reference'), of('peer'))
  })
  const peerName = peer !== undefined && values.has('peer') ? { peerName: peer.name } : {}
  return { name, title, runs, rows, ...peerName, failure: undefined }
}

function rowOf(
  measure: Measure,
  rollcall: Spread | undefined,
  reference: Spread | undefined,
  peer: Spread | undefined,
): Row {
  const ratioTo = (other: Spread | undefined) =>
    isComparable(measure) && rollcall && other ? rollcall.median / other.median : undefined
  const isMeasured = rollcall !== undefined && measure.target !== undefined
  return {
    measure,
    rollcall,
    reference,
    peer,
    ratio: ratioTo(reference),
    peerRatio: ratioTo(peer),
    holds: isMeasured ? isWithin(rollcall.median, measure.target) : undefined,
  }
}

function isComparable({ unit }: Measure): boolean {
  return unit !== '%' && unit !== '/s'
}

function isWithin(value: number, bound: Bound): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost
}
