import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { anchorOf } from './markdown.ts'

/** How the rule sees the repository: by paths from its root. */
export type Files = {
  /** Whether there is such a file or folder. */
  exists(path: string): boolean
  read(path: string): string
}

export function filesUnder(root: string): Files {
  return {
    exists: (path) => existsSync(join(root, path)),
    read: (path) => readFileSync(join(root, path), 'utf8'),
  }
}

/** Links of a document that lead nowhere, each as `path:line: link`. Links to other hosts are not looked at. */
export function deadLinksIn(path: string, files: Files): readonly string[] {
  return linksIn(files.read(path))
    .filter(({ target }) => !isElsewhere(target) && !leadsSomewhere(path, target, files))
    .map(({ target, line }) => `${path}:${line}: ${target}`)
}

type Link = { readonly target: string; readonly line: number }

/** `[text](target)`, `[text](target "title")`, images, `[text]: target`, and `href` and `src` of HTML. */
const LINK = /\]\(\s*<?([^)<>\s]+)>?(?:\s+"[^"]*")?\s*\)|^\s*\[[^\]]+\]:\s*(\S+)|\b(?:href|src)="([^"]+)"/g

/** Every link of a document, but those in code, which are none. */
export function linksIn(text: string): readonly Link[] {
  return proseOf(text).flatMap((prose, index) =>
    [...prose.matchAll(LINK)].map(([, inline, reference, html]) => ({
      target: inline ?? reference ?? html ?? '',
      line: index + 1,
    })),
  )
}

/** The lines with everything that is code left out. */
function proseOf(text: string): readonly string[] {
  let fence: string | undefined
  return text.split('\n').map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1]
    if (fence === undefined && mark === undefined) return line.replace(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '')
    if (fence === undefined) fence = mark
    else if (mark?.startsWith(fence)) fence = undefined
    return ''
  })
}

function isElsewhere(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(target)
}

function leadsSomewhere(from: string, target: string, files: Files): boolean {
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? from : normalize(join(dirname(from), decodeURIComponent(file)))
  if (path.startsWith('..') || !files.exists(path)) return false
  if (anchor === undefined) return true
  return path.endsWith('.md') && anchorsOf(files.read(path)).has(decodeURIComponent(anchor))
}

/** The anchors of a document's headings; the second heading of one name gets `-1`, and so on. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  const counts = new Map<string, number>()
  for (const heading of headingsOf(text)) {
    const anchor = anchorOf(heading)
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`)
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

function headingsOf(text: string): readonly string[] {
  let isCode = false
  return text.split('\n').flatMap((line) => {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode
    const heading = isCode ? undefined : /^#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1]
    return heading === undefined ? [] : [heading]
  })
}
