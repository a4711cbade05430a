import type { Begin, End, Numbered, Operation } from '../lines.ts'
import type { Faults } from './faults.ts'
import type { Life } from './lives.ts'

/** One call of a client, from its begin on. */
export type Call<Of extends Operation = Operation> = {
  readonly begin: Numbered<Begin & Of>
  end: Numbered<End> | undefined
  /** Whom it is about, as far as they may live, with what was certain of each just before it began. */
  about: readonly Glimpse[]
  /** Of those, who surely lived from its begin to its end, or so far. */
  certain: readonly Glimpse[]
}

/** A life as it was at a moment. */
export type Glimpse = {
  readonly life: Life
  readonly era: number
  readonly certainUntilMs: number
  /** What says so. */
  readonly by: readonly Numbered[]
  readonly mayLive: boolean
  /** When it must have been over. */
  readonly latest: { readonly ms: number; readonly by: readonly Numbered[] }
}

export function glimpse(life: Life, { outages }: Pick<Faults, 'outages'>): Glimpse {
  const { era, certainUntilMs, certainBy, mayLive, latestBy } = life
  const latest = { ms: life.latestWith(outages), by: latestBy }
  return { life, era, certainUntilMs, by: certainBy, mayLive, latest }
}

export function isAbout<Op extends Operation['op']>(
  call: Call,
  ...ops: readonly Op[]
): call is Call<Extract<Operation, { op: Op }>> {
  return (ops as readonly string[]).includes(call.begin.line.op)
}

/** A call that may have taken effect, or may still. */
export function mayCount({ end }: Call): boolean {
  return end?.line.outcome !== 'refused'
}

export function isOk({ end }: Call): boolean {
  return end?.line.outcome === 'ok'
}

export function linesOf({ begin, end }: Call): readonly Numbered[] {
  return end === undefined ? [begin] : [begin, end]
}
