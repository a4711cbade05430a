import type { Lab, Subject } from '../lab/lab.ts'

/** How much of everything. */
export type Amounts = {
  /** Of a run; the server's CPU time, or at a steady rate the wall clock's. */
  readonly measuredSeconds: number
  readonly warmUpSeconds: number
  /** What counts are multiplied with: 1, or less to try something out. */
  readonly scale: number
}

/** Words; where counts are scaled, `many` gives one as it is then: `many(2_000)` is `2,000`, or `200`. */
export type Label = string | ((many: (count: number) => string) => string)

export type Bound = { readonly atLeast: number } | { readonly atMost: number }

/** One number that a case finds out. */
export type Measure = {
  /** In words; unique within its case. */
  readonly name: Label
  /** `/CPU-s`: completed in each second of the server's CPU time. */
  readonly unit: '/CPU-s' | '/s' | '%' | 'bytes' | 'µs' | 'ms' | 's' | 'cores' | ''
  readonly target?: Bound
  /** What others do, measured on one machine; see README.md. */
  readonly elsewhere?: string
}

/** Measured values, in the order of the case's measures; not a number where there is nothing to measure. */
export type Figures = readonly number[]

/** Another program that does what a case measures, as Debian packages it. */
export type Peer = {
  readonly name: string
  /** The package that has it. */
  readonly debianPackage: string
  /** Files that are there once it is installed. */
  readonly files: readonly string[]
  /** One run: the figures of the case's measures. */
  readonly run: (lab: Lab, amounts: Amounts) => Promise<Figures>
}

/** Something that is measured, with how it is done. */
export type Case = {
  readonly name: string
  readonly title: Label
  readonly measures: readonly Measure[]
  /** Whether the reference server can do it too. */
  readonly hasReference: boolean
  /** Whether it is of Redis, and beside it of the store in a folder or not. Absent: it is not. */
  readonly onRedis?: 'too' | 'only'
  /** Who else does it, where that is asked for. */
  readonly peer?: Peer
  /** Takes minutes, so it runs only where it is asked for, and once. */
  readonly isLong: boolean
  /** Users that have to be signed in. */
  readonly users: (amounts: Amounts) => number
  /** Users that the directory has to have, where those are more. */
  readonly listed?: (amounts: Amounts) => number
  /** One run. @throws Error where anything went otherwise than it must */
  readonly run: (lab: Lab, subject: Subject, amounts: Amounts) => Promise<Figures>
}

export function labelOf(label: Label, amounts: Amounts): string {
  if (typeof label === 'string') return label
  return label((count) => scaled(count, amounts).toLocaleString('en-US'))
}

/** A count as the case has it, or less where something is tried out. */
export function scaled(count: number, { scale }: Amounts): number {
  return Math.max(1, Math.round(count * scale))
}
