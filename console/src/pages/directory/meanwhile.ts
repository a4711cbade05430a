import type { DirectoryEntry } from '../../api/directory.ts'
import { type Filled, filledFrom, textOf } from './filled.ts'
import type { Field } from './kinds.ts'

/** A member that somebody else has changed while a form was being filled in. */
export type Difference = {
  readonly name: string
  readonly label: string
  readonly before: string
  readonly now: string
  /** What was written here for it, which is kept; `undefined`: nothing, so that the form has the new value now. */
  readonly mine: string | undefined
}

/** How a form goes on after somebody else was first. */
export type Meanwhile = { readonly filled: Filled; readonly differences: readonly Difference[] }

/**
 * What somebody else has changed, and the form with it: fields that nobody has touched here follow, what was written
 * stays. Pure.
 */
export function meanwhile(
  fields: readonly Field[],
  seen: DirectoryEntry,
  now: DirectoryEntry,
  filled: Filled,
): Meanwhile {
  const [before, after] = [filledFrom(fields, seen.members), filledFrom(fields, now.members)]
  const next = new Map(Object.entries(filled))
  const differences: Difference[] = []
  for (const { name, label } of fields) {
    const [was, is, mine] = [before[name] ?? '', after[name] ?? '', filled[name] ?? '']
    if (was === is) continue
    const isTouched = mine !== was && mine !== is
    if (!isTouched) next.set(name, is)
    differences.push({ name, label, before: was, now: is, mine: isTouched ? mine : undefined })
  }
  return { filled: Object.fromEntries(next), differences: [...differences, ...others(fields, seen, now)] }
}

const LABELS: ReadonlyMap<string, string> = new Map([
  ['secrets', 'How many secrets are good'],
  ['hasQuery', 'Whether the address has a query'],
  ['webhooks', 'How many webhooks it has'],
])

/** What no field shows, such as how many secrets there are. */
function others(fields: readonly Field[], seen: DirectoryEntry, now: DirectoryEntry): readonly Difference[] {
  const names = new Set([...Object.keys(seen.members), ...Object.keys(now.members)])
  for (const { name } of fields) names.delete(name)
  return [...names].flatMap((name) => {
    const label = LABELS.get(name) ?? name
    const plain: Field = { name, label, is: 'text' }
    const [before, after] = [textOf(plain, seen.members[name]), textOf(plain, now.members[name])]
    return before === after ? [] : [{ name, label, before, now: after, mine: undefined }]
  })
}
