import { readFileSync } from 'node:fs'

/** A piece of a document that can be run, and what the document says that it prints. */
export type Snippet = { readonly code: string; readonly output: string }

/** A fenced block of a document. */
export type Block = {
  /** What the comment right before it says: `run: ring`; `undefined` without one. */
  readonly marker: string | undefined
  readonly language: string
  readonly code: string
  /** What the next block holds, where it follows at once, is plain text and has no comment of its own. */
  readonly output: string | undefined
  /** Of its first line, for messages. */
  readonly line: number
}

/** The snippets of a document of `docs/`, by the name in the comment before them. */
export function readSnippets(document: string): ReadonlyMap<string, Snippet> {
  const found = readBlocks(readDocument(document)).flatMap(({ marker, code, output }) => {
    const name = /^run: (\S+)$/.exec(marker ?? '')?.[1]
    return name === undefined || output === undefined ? [] : [[name, { code, output }] as const]
  })
  return new Map(found)
}

/** A document of `docs/`, by its path from there. */
export function readDocument(document: string): string {
  return readFileSync(new URL(`../../docs/${document}`, import.meta.url), 'utf8')
}

const BLOCK = /(?:<!-- ([^>]+?) -->\s+)?^```(\w*)\n(.*?)^```$/gms

/** Every fenced block of a document, in order; those that are only the output of the one before are part of it. */
export function readBlocks(text: string): readonly Block[] {
  const matches = [...text.matchAll(BLOCK)]
  const isOutput = (index: number): boolean => {
    const [match, before] = [matches[index], matches[index - 1]]
    if (match?.[2] !== 'text' || match[1] !== undefined || before?.[1] === undefined) return false
    return text.slice(before.index + before[0].length, match.index).trim() === ''
  }
  return matches.flatMap((match, index) => {
    if (isOutput(index)) return []
    const [, marker, language = '', code = ''] = match
    const output = isOutput(index + 1) ? matches[index + 1]?.[3] : undefined
    const line = text.slice(0, match.index).split('\n').length
    return [{ marker, language, code, output, line }]
  })
}

/** Whether `text` is what the snippet prints, where `…` stands for anything. */
export function matchesOutput(text: string, { output }: Pick<Snippet, 'output'>): boolean {
  const pattern = output
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}$`).test(text)
}
