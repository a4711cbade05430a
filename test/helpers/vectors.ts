import { readFileSync } from 'node:fs'

/** A text in a vector: as it is, or in parts, where a long one would only repeat itself. */
export type Text = string | readonly (string | { readonly repeat: string; readonly times: number })[]

/** The text that `text` describes. */
export function textOf(text: Text): string {
  if (typeof text === 'string') return text
  return text.map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.times))).join('')
}

/** What every vector has. */
export type Named = { readonly name: string; readonly why: string }

type VectorFile<Vector, Extra> = Extra & {
  readonly description: string
  readonly vectors: readonly (Named & Vector)[]
}

/**
 * Reads `protocol/vectors/<name>.json`. Its form is `protocol/vectors/README.md`'s to say; `vectors.test.ts`
 * beside the protocol's sources checks what all files have in common.
 */
export function readVectors<Vector, Extra = object>(name: string): VectorFile<Vector, Extra> {
  const url = new URL(`../../protocol/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as VectorFile<Vector, Extra>
}
