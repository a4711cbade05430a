import { type Amounts, type Bound, type Case, labelOf, type Measure } from '../cases/case.ts'
import type { RedisSubject, Subject } from '../lab/lab.ts'
import type { Spread } from './statistics.ts'

/** With its name as it was measured. */
type NamedMeasure = Measure & { readonly name: string }

/** What was found out about one measure. */
export type Row = {
  readonly measure: NamedMeasure
  readonly rollcall: Spread | undefined
  readonly reference: Spread | undefined
  readonly peer: Spread | undefined
  /** Rollcall's median by the reference's, of what says how good it is; how busy a server was does not. */
  readonly ratio: number | undefined
  /** The same by the peer's. */
  readonly peerRatio: number | undefined
  /** On Redis, in the order of the result's `stores`. */
  readonly stores?: readonly OnStore[]
  /** `undefined` where there is no target, or nothing was measured. */
  readonly holds: boolean | undefined
}

/** What was measured on another store than the folder's. */
export type OnStore = {
  readonly spread: Spread | undefined
  /** Its median by that of the store in a folder. */
  readonly ratio: number | undefined
}

/** What a column is called. */
export const STORE_NAMES: Readonly<Record<RedisSubject, string>> = {
  redis: 'on Redis',
  'redis-cluster': 'on Redis Cluster',
}
const STORES: readonly RedisSubject[] = ['redis', 'redis-cluster']

/** A case after all of its runs. */
export type Result = {
  readonly name: string
  readonly title: string
  readonly runs: number
  readonly rows: readonly Row[]
  /** Whose the peer's numbers are; absent where there are none. */
  readonly peerName?: string
  /** Where it was measured on Redis. */
  readonly stores?: readonly RedisSubject[]
  /** Why it came to nothing; the rows are empty then. */
  readonly failure: string | undefined
}

/** Whose numbers stand in a column. */
export type Contender = Subject | 'peer'

type Values = ReadonlyMap<Contender, readonly Spread[]>

/** @param runs how often, and how much of everything */
export function resultOf(
  { name, title, measures, peer }: Case,
  { runs, amounts }: { readonly runs: number; readonly amounts: Amounts },
  values: Values,
): Result {
  const stores = STORES.filter((store) => values.has(store))
  const rows = measures.map((measure, index) => {
    const of = (contender: Contender) => measuredOf(values.get(contender)?.[index])
    const named = { ...measure, name: labelOf(measure.name, amounts) }
    const row = rowOf(named, of('rollcall'), of('reference'), of('peer'))
    return stores.length === 0 ? row : withStores(row, stores.map(of))
  })
  const peerName = peer !== undefined && values.has('peer') ? { peerName: peer.name } : {}
  return {
    name,
    title: labelOf(title, amounts),
    runs,
    rows,
    ...peerName,
    ...(stores.length === 0 ? {} : { stores }),
    failure: undefined,
  }
}

function measuredOf(spread: Spread | undefined): Spread | undefined {
  return spread === undefined || Number.isNaN(spread.median) ? undefined : spread
}

/** A target is for each of the stores. */
function withStores(row: Row, spreads: readonly (Spread | undefined)[]): Row {
  const { measure, rollcall } = row
  const medians = spreads.flatMap((spread) => (spread === undefined ? [] : [spread.median]))
  const { target } = measure
  return {
    ...row,
    stores: spreads.map((spread) => ({
      spread,
      ratio: isComparable(measure) && rollcall && spread ? spread.median / rollcall.median : undefined,
    })),
    holds: target === undefined ? undefined : medians.every((median) => isWithin(median, target)),
  }
}

function rowOf(
  measure: NamedMeasure,
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
