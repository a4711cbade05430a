import type { Cursor } from './cursor.ts'
import type { Selector } from './path.ts'

/** Characters that end no name in either grammar. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is kept out
const PLAIN = /[^\s.[\]()'",*?!<>=~&|\\\u0000-\u001f]+/y

/** Where Jayway ends a name: hardly anywhere, but in a filter at an operator too. `key*2` is a name. */
const JAYWAY = /[^ .[(]+/y
const JAYWAY_IN_FILTER = /[^ .[()<>=~!]+/y

/** A name without quotes. Both grammars are asked about one that has other characters than the plain ones. */
export function readName(cursor: Cursor): readonly Selector[] {
  const start = cursor.position
  const plain = cursor.takeMatch(PLAIN)
  const name = cursor.grammar === 'jayway' ? plain + cursor.takeMatch(jaywayName(cursor)) : plain
  if (name === '' || name.startsWith('*')) throw cursor.error('expected a name, "*" or "["', start)
  if (name === plain) return [named(name)]
  cursor.hasDiverged = true
  // To Jayway quotes and line feeds around a name are part of it; who wrote them meant the name between them.
  const inner = name.trim().replace(/^(['"])(.+)\1$/s, '$2')
  return inner === name || inner === '' ? [named(name)] : [named(name), named(inner)]
}

/** The same right after a bracket, where Jayway also takes `*`. */
export function readBareName(cursor: Cursor): readonly Selector[] {
  cursor.hasDiverged = true
  return cursor.take('*') ? [{ kind: 'every' }] : readName(cursor)
}

/** Tells whether a path ends here by Jayway's grammar. */
export function isPathEnd(cursor: Cursor): boolean {
  return cursor.isAtEnd() || (cursor.isInFilter ? /[ )<>=~!]/ : / /).test(cursor.peek())
}

function jaywayName(cursor: Cursor): RegExp {
  return cursor.isInFilter ? JAYWAY_IN_FILTER : JAYWAY
}

function named(name: string): Selector {
  return { kind: 'name', name }
}
