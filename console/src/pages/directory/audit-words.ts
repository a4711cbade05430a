import type { AuditLine } from '../../api/directory.ts'

/** Who did something, and when. */
export type Did = { readonly at: string; readonly callerId: string }

const WORDS: ReadonlyMap<string, readonly [did: string, wanted: string]> = new Map([
  ['add_entry', ['added it', 'add it']],
  ['change_entry', ['changed it', 'change it']],
  ['remove_entry', ['removed it', 'remove it']],
  ['rotate_secret', ['made a new secret', 'make a new secret']],
  ['remove_former_secret', ['took the former secret away', 'take the former secret away']],
])

/** Actions after which an entry is not what it was. */
export const CHANGING: ReadonlySet<string> = new Set(WORDS.keys())

/** What a line says, after the name of whoever did it: `changed it`, `wanted to make a new password, and was refused`. */
export function wordsOf({ action, outcome }: AuditLine, secret: string): string {
  const [did, wanted] = WORDS.get(action) ?? [action, action]
  if (outcome === 'done') return did.replace('secret', secret)
  return `wanted to ${wanted.replace('secret', secret)}, and ${outcome === 'refused' ? 'was refused' : 'failed'}`
}

/** The last one of these actions that has come about. @param lines newest first */
export function lastOf(lines: readonly AuditLine[], actions: ReadonlySet<string>): Did | undefined {
  const line = lines.find(({ action, outcome }) => actions.has(action) && outcome === 'done')
  return line && { at: line.at, callerId: line.callerId ?? 'somebody unknown' }
}
