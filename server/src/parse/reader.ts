/**
 * What was given is not of the form it must have. The message names the place, never the value found there: it may be a
 * secret.
 */
export class FormError extends Error {
  /** Empty: the whole document. */
  readonly path: string
  readonly problem: string

  constructor(path: string, problem: string) {
    super(path === '' ? problem : `${path}: ${problem}`)
    this.name = 'FormError'
    this.path = path
    this.problem = problem
  }
}

/** Checks one value and gives it its type. @throws FormError */
export type Reader<T> = (value: unknown, path: string) => T

/** An array of at most `itemsMax` items. */
export function listOf<T>(read: Reader<T>, itemsMax = Number.POSITIVE_INFINITY): Reader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new FormError(path, 'must be an array')
    if (value.length > itemsMax) throw new FormError(path, `must hold at most ${itemsMax} items`)
    return value.map((item: unknown, index) => read(item, `${path}[${index}]`))
  }
}

/** What is right; `expected` says in words what that is. */
export function valueThat<T>(isRight: (value: unknown) => value is T, expected: string): Reader<T> {
  return (value, path) => {
    if (!isRight(value)) throw new FormError(path, `must be ${expected}`)
    return value
  }
}

/** A string that `accepts`. */
export function textThat(accepts: (text: string) => boolean, expected: string): Reader<string> {
  return valueThat((value): value is string => typeof value === 'string' && accepts(value), expected)
}

export function integerFrom(min: number, max: number, unit = ''): Reader<number> {
  const isRight = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
  return valueThat(isRight, `an integer from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`)
}

/** One of a few words. */
export function oneOf<const Choice extends string>(
  choices: readonly Choice[],
  expected: string,
): Reader<Choice> {
  return valueThat((value): value is Choice => choices.some((choice) => choice === value), expected)
}

export function readFlag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new FormError(path, 'must be true or false')
  return value
}
