import { FormError, type Reader } from './reader.ts'

/** An object whose member names are all known, and where it stands; read it with `required` and `optional`. */
export type Form = { readonly path: string; readonly members: ReadonlyMap<string, unknown> }

export function readForm(value: unknown, path: string, known: readonly string[]): Form {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormError(path, 'must be an object')
  const members = new Map<string, unknown>(Object.entries(value))
  for (const name of members.keys())
    if (!known.includes(name))
      throw new FormError(memberPath(path, shownName(name)), `is not known; known are ${known.join(', ')}`)
  return { path, members }
}

/** A member that must be there. */
export function required<T>(form: Form, name: string, read: Reader<T>): T {
  const value = optional(form, name, read)
  if (value === undefined) throw new FormError(memberPath(form.path, name), 'is missing')
  return value
}

/** A member that may be absent; `null` counts as absent. */
export function optional<T>(form: Form, name: string, read: Reader<T>): T | undefined {
  const value = form.members.get(name)
  return value === undefined || value === null ? undefined : read(value, memberPath(form.path, name))
}

// What is no name may be a value in the wrong place, and a secret.
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/

/** A member's name as an error may show it. */
export function shownName(name: string): string {
  return NAME.test(name) ? name : '(a member that has no proper name)'
}

export function memberPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
