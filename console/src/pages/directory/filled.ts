import type { Members } from '../../api/directory.ts'
import type { Field } from './kinds.ts'

/** What stands in the fields of a form, by member: each is a text, also a flag (`yes`, `no`). Pure. */
export type Filled = { readonly [member: string]: string }

/** The fields as an entry fills them; of a new one, as is usual. */
export function filledFrom(fields: readonly Field[], members: Members | undefined): Filled {
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      members === undefined ? (field.usual ?? empty(field)) : textOf(field, members[field.name]),
    ]),
  )
}

/** A member as its field shows it. */
export function textOf({ is }: Field, value: unknown): string {
  if (is === 'flag') return value === true ? 'yes' : 'no'
  if (value === undefined || value === null) return ''
  // No rules are written as nothing: `[]` is no way to say "everybody everything".
  if (is === 'json') return Array.isArray(value) && value.length === 0 ? '' : JSON.stringify(value, null, 2)
  return Array.isArray(value) ? value.join(' ') : String(value)
}

/**
 * The members that are not as they were; of a new entry those that were filled in.
 *
 * @throws SyntaxError for what is no JSON
 */
export function changesIn(fields: readonly Field[], filled: Filled, before: Members | undefined): Members {
  const was = before === undefined ? undefined : filledFrom(fields, before)
  return Object.fromEntries(
    fields
      .filter((field) => isChanged(field, filled[field.name] ?? '', was?.[field.name]))
      .map((field) => [field.name, memberOf(field, filled[field.name] ?? '')]),
  )
}

/** The form once it was saved: what was written since stays. */
export function settled(now: Filled, sent: Filled, saved: Filled): Filled {
  return Object.fromEntries(
    Object.entries(now).map(([name, text]) => [name, text === sent[name] ? (saved[name] ?? text) : text]),
  )
}

export function wordsIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

function isChanged(field: Field, text: string, before: string | undefined): boolean {
  if (before !== undefined) return normal(field, text) !== normal(field, before)
  // The server's own default; an empty choice is said, so that it is refused in words.
  if (field.is === 'flag') return (text === 'yes') !== (field.name === 'enabled')
  return field.is === 'choices' || text.trim() !== ''
}

/** Spaces around and between mean nothing, but in a password. */
function normal({ is }: Field, text: string): string {
  if (is === 'password') return text
  return is === 'words' || is === 'choices' ? wordsIn(text).join(' ') : text.trim()
}

function memberOf({ is, options = [], all }: Field, text: string): unknown {
  switch (is) {
    case 'flag':
      return text === 'yes'
    case 'password':
      return text
    case 'json':
      return text.trim() === '' ? [] : JSON.parse(text)
    case 'words':
      return wordsIn(text)
    case 'choices':
      return chosenOf(options, wordsIn(text), all)
    case 'text':
      return text.trim() === '' ? null : text.trim()
  }
}

function chosenOf(options: readonly string[], words: readonly string[], all: string | undefined) {
  const chosen = options.filter((option) => words.includes(option))
  return all !== undefined && chosen.length === options.length ? [all] : chosen
}

function empty({ is }: Field): string {
  return is === 'flag' ? 'no' : ''
}
