import { readFileSync } from 'node:fs'

/** A piece of a document that can be run, and what the document says that it prints. */
export type Snippet = { readonly code: string; readonly output: string }

/** The snippets of a document of `docs/`, by the name in the comment before them. */
export function readSnippets(document: string): ReadonlyMap<string, Snippet> {
  const text = readFileSync(new URL(`../../docs/${document}`, import.meta.url), 'utf8')
  const pattern = /<!-- run: (\S+) -->\s+```\w+\n(.*?)```\s+```text\n(.*?)```/gs
  return new Map(
    [...text.matchAll(pattern)].map(([, name = '', code = '', output = '']) => [name, { code, output }]),
  )
}

/** Whether `text` is what the snippet prints, where `…` stands for anything. */
export function matchesOutput(text: string, { output }: Snippet): boolean {
  const pattern = output
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}$`).test(text)
}
