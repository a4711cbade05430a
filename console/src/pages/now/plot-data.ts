/** What is known of one moment, by name; `null`: nothing. */
export type Moment<Name extends string> = { readonly atMs: number } & Readonly<Record<Name, number | null>>

/** One line of a chart. */
export type Line<Name extends string = string> = { readonly name: string; readonly of: Name }

export type Values = readonly (number | null)[]

/** The values of a line, in the order of the points. */
export function valuesOf<Name extends string>(points: readonly Moment<Name>[], { of }: Line<Name>): Values {
  return points.map((point): number | null => point[of])
}

/** Where a value stands alone between gaps, so that no line would show it. */
export function alone(values: ArrayLike<number | null | undefined>): number[] {
  const isKnown = (index: number): boolean => typeof values[index] === 'number'
  return Array.from(values, (_, index) => index).filter(
    (index) => isKnown(index) && !isKnown(index - 1) && !isKnown(index + 1),
  )
}

/** How a scale from 0 is divided. */
export type Scale = { readonly top: number; readonly step: number }

/** Lines of a scale at most, that of 0 not counted. */
const STEPS_MAX = 4
/** Air above the greatest value. */
const AIR = 1.05

/**
 * A scale in round steps that the greatest value fits under; never lower than `least`, which is divided into four.
 * Round, so that it stays as it is while values move a little.
 */
export function scaleOf(greatest: number | null | undefined, least: number): Scale {
  const wanted = (greatest ?? 0) * AIR
  if (wanted <= least) return { top: least, step: least / STEPS_MAX }
  const power = 10 ** Math.floor(Math.log10(wanted / STEPS_MAX))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size * STEPS_MAX >= wanted)
  return step === undefined
    ? { top: wanted, step: wanted / STEPS_MAX }
    : { top: Math.ceil(wanted / step) * step, step }
}

/** Where the lines of a scale are. */
export function linesOf({ top, step }: Scale): number[] {
  return Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, index) => index * step)
}

/** What a line says, for who cannot see it; `show` gives a value its unit. */
export function inWords({ name }: Line, values: Values, show: (value: number) => string): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return `${name}: nothing yet`
  const last = values.at(-1)
  const now = last === null || last === undefined ? 'nothing now' : `${show(last)} now`
  return `${name}: ${now}, from ${show(Math.min(...known))} to ${show(Math.max(...known))}`
}
