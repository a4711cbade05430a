import { FormError, optional, type Reader, readForm, required } from '../../parse/parse.ts'

/** A member of an item: how it is read, and whether it may be absent. */
export type Member<T> = { readonly read: Reader<T>; readonly isOptional: boolean }
type Optional<T> = Member<T> & { readonly isOptional: true }
type Required<T> = Member<T> & { readonly isOptional: false }

/** The members of an item, by name. */
export type Shape = { readonly [name: string]: Member<unknown> }

type Value<M> = M extends Member<infer T> ? T : never
type OptionalNames<S extends Shape> = {
  [N in keyof S]: S[N] extends Optional<unknown> ? N : never
}[keyof S]

/** What an item of a shape is. */
export type Shaped<S extends Shape> = {
  readonly [N in Exclude<keyof S, OptionalNames<S>>]: Value<S[N]>
} & { readonly [N in OptionalNames<S>]?: Value<S[N]> }

export function is<T>(read: Reader<T>): Required<T> {
  return { read, isOptional: false }
}

export function may<T>(read: Reader<T>): Optional<T> {
  return { read, isOptional: true }
}

/** Reads an object of a shape; one member that is not of it, and nothing is read. */
export function shaped<S extends Shape>(shape: S): Reader<Shaped<S>> {
  const names = Object.keys(shape)
  return (value, path) => {
    const form = readForm(value, path, names)
    const members = Object.entries(shape).flatMap(([name, { read, isOptional }]) => {
      const member = isOptional ? optional(form, name, read) : required(form, name, read)
      return member === undefined ? [] : [[name, member] as const]
    })
    return Object.fromEntries(members) as Shaped<S>
  }
}

export const text: Reader<string> = (value, path) => {
  if (typeof value !== 'string') throw new FormError(path, 'must be a string')
  return value
}

/** JSON knows no `Infinity`: it is written as a word. */
const ENDLESS = 'endless'

export const number: Reader<number> = (value, path) => {
  if (value === ENDLESS) return Number.POSITIVE_INFINITY
  if (typeof value !== 'number') throw new FormError(path, 'must be a number')
  return value
}

export const bytes: Reader<Uint8Array> = (value, path) => Buffer.from(text(value, path), 'base64')

/** What JSON can carry: bytes as base64, and members that are absent left out. */
export function written(value: unknown): unknown {
  if (value === Number.POSITIVE_INFINITY) return ENDLESS
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(written)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [[name, written(member)]],
  )
  return Object.fromEntries(members)
}
