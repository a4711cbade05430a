import type { Point } from './history.ts'

/** One line of a chart. */
export type Line = {
  readonly name: string
  readonly of: Exclude<keyof Point, 'atMs'>
}

export type Values = readonly (number | null)[]

/** The values of a line, in the order of the points. */
export function valuesOf(points: readonly Point[], { of }: Line): Values {
  return points.map((point) => point[of])
}

/** Where a value stands alone between gaps, so that no line would show it. */
export function alone(values: ArrayLike<number | null | undefined>): number[] {
  const isKnown = (index: number): boolean => typeof values[index] === 'number'
  return Array.from(values, (_, index) => index).filter(
    (index) => isKnown(index) && !isKnown(index - 1) && !isKnown(index + 1),
  )
}

/** The top of a scale that begins at 0: a little air above the greatest value, and never less than `least`. */
export function topOf(greatest: number | null | undefined, least: number): number {
  return Math.max((greatest ?? 0) * 1.12, least)
}

/** What a line says, for who cannot see it; `show` gives a value its unit. */
export function inWords({ name }: Line, values: Values, show: (value: number) => string): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return `${name}: nothing yet`
  const last = values.at(-1)
  const now = last === null || last === undefined ? 'nothing now' : `${show(last)} now`
  return `${name}: ${now}, from ${show(Math.min(...known))} to ${show(Math.max(...known))}`
}
