/**
 * A JSON document that is not of the form it must have. The message names the place, never the value found
 * there: it may be a secret.
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

/** A JSON object whose member names are all known; read it with `member` and `optional`. */
export type JsonObject = { readonly path: string; readonly members: ReadonlyMap<string, unknown> }

export function readObject(value: unknown, path: string, known: readonly string[]): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormError(path, 'must be an object')
  const members = new Map<string, unknown>(Object.entries(value))
  for (const name of members.keys())
    if (!known.includes(name))
      throw new FormError(join(path, shownName(name)), `is not known; known are ${known.join(', ')}`)
  return { path, members }
}

/** A member that must be there. */
export function member<T>(object: JsonObject, name: string, read: Reader<T>): T {
  const value = optional(object, name, read)
  if (value === undefined) throw new FormError(join(object.path, name), 'is missing')
  return value
}

/** A member that may be absent; `null` counts as absent. */
export function optional<T>(object: JsonObject, name: string, read: Reader<T>): T | undefined {
  const value = object.members.get(name)
  return value === undefined || value === null ? undefined : read(value, join(object.path, name))
}

/** An array of at most `itemsMax` items. */
export function listOf<T>(read: Reader<T>, itemsMax = Number.POSITIVE_INFINITY): Reader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new FormError(path, 'must be an array')
    if (value.length > itemsMax) throw new FormError(path, `must hold at most ${itemsMax} items`)
    return value.map((item: unknown, index) => read(item, `${path}[${index}]`))
  }
}

/** A string that `accepts`; `expected` says in words which those are. */
export function textThat(accepts: (text: string) => boolean, expected: string): Reader<string> {
  return (value, path) => {
    if (typeof value !== 'string' || !accepts(value)) throw new FormError(path, `must be ${expected}`)
    return value
  }
}

/** The name of an authority. */
export const readAuthority = textThat(
  (text) => /^[!-~]{1,64}$/.test(text),
  '1 to 64 visible ASCII characters',
)

export function readFlag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new FormError(path, 'must be true or false')
  return value
}

// What is no name may be a value in the wrong place, and a secret.
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/

function shownName(name: string): string {
  return NAME.test(name) ? name : '(a member that has no proper name)'
}

export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
