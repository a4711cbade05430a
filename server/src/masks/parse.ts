import { MASK_DEPTH_MAX } from '@rollcall/protocol/limits'
import type { Cursor } from './cursor.ts'
import { isQuote, readInteger, readString } from './literal.ts'
import { readFilter } from './parse-filter.ts'
import type { Path, Segment, Selector } from './path.ts'

/**
 * Reads a whole mask by Jayway's grammar. A mask without `$` is taken as if it began with `$.`, so that, as in
 * Jayway, `.a` means `$..a`.
 *
 * @throws MaskSyntaxError
 */
export function readMask(cursor: Cursor): Path {
  cursor.skipBlanks()
  const path = isPathStart(cursor) ? { ...readPath(cursor), from: 'root' as const } : readBarePath(cursor)
  const end = cursor.position
  cursor.skipBlanks()
  if (!cursor.isAtEnd())
    throw cursor.error('expected "." or "[" or the end; a name with this character must be quoted', end)
  return path
}

/** Tells whether `$` or `@` is next. */
function isPathStart(cursor: Cursor): boolean {
  return cursor.peek() === '$' || cursor.peek() === '@'
}

/** Reads a path that starts with `$` or `@` and ends where no further step follows. */
function readPath(cursor: Cursor): Path {
  const from = cursor.take('$') ? 'root' : 'current'
  if (from === 'current') cursor.expect('@', 'expected "$" or "@"')
  return { from, segments: readSegments(cursor, []) }
}

function readBarePath(cursor: Cursor): Path {
  return { from: 'root', segments: readSegments(cursor, [readDotted(cursor)]) }
}

function readSegments(cursor: Cursor, segments: Segment[]): readonly Segment[] {
  while (cursor.peek() === '[' || cursor.peek() === '.') {
    if (segments.length >= MASK_DEPTH_MAX) throw cursor.error(`expected at most ${MASK_DEPTH_MAX} steps`)
    segments.push(cursor.take('.') ? readDotted(cursor) : { deep: false, selectors: readBracket(cursor) })
  }
  return segments
}

/** What follows a dot: another dot, a name, `*`, or, as in Jayway, a bracket. */
function readDotted(cursor: Cursor): Segment {
  const deep = cursor.take('.')
  if (cursor.peek() === '[') return { deep, selectors: readBracket(cursor) }
  if (cursor.take('*')) return { deep, selectors: [{ kind: 'every' }] }
  const name = readName(cursor)
  if (name === '') throw cursor.error('expected a name, "*" or "["')
  if (cursor.peek() === '(') throw cursor.error('expected no function: they are not supported in masks')
  return { deep, selectors: [{ kind: 'name', name }] }
}

// Jayway takes more of the characters that end a name here into it. A name with such a character must be quoted,
// because a slip (`$.card.number]`) would otherwise be a mask that silently masks nothing.
function readName(cursor: Cursor): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is kept out
  return cursor.takeMatch(/[^\s.[\]()'",*?!<>=~&|\\\u0000-\u001f]+/y)
}

function readBracket(cursor: Cursor): readonly Selector[] {
  cursor.position++
  const selectors: Selector[] = []
  do {
    cursor.skipBlanks()
    selectors.push(readSelector(cursor))
    cursor.skipBlanks()
  } while (cursor.take(','))
  cursor.expect(']', 'expected "," or "]"')
  return selectors
}

function readSelector(cursor: Cursor): Selector {
  const next = cursor.peek()
  if (isQuote(next)) return { kind: 'name', name: readString(cursor) }
  if (cursor.take('*')) return { kind: 'every' }
  if (cursor.take('?'))
    return { kind: 'filter', filter: cursor.nestedFilter(() => readFilterExpression(cursor)) }
  if (next === '(') throw cursor.error('expected no script: they are not supported in masks')
  if (/[-:\d]/.test(next)) return readIndexOrSlice(cursor)
  throw cursor.error('expected a quoted name, "*", an index, a slice or a filter "?(…)"')
}

function readFilterExpression(cursor: Cursor) {
  cursor.skipBlanks()
  if (cursor.peek() === ']' || cursor.peek() === ',')
    throw cursor.error('expected a filter: "?" placeholders are not supported in masks')
  return readFilter(cursor, { isPathStart, readPath })
}

function readIndexOrSlice(cursor: Cursor): Selector {
  const start = cursor.peek() === ':' ? undefined : readInteger(cursor)
  cursor.skipBlanks()
  if (!cursor.take(':')) {
    if (start === undefined) throw cursor.error('expected an index')
    return { kind: 'index', index: start }
  }
  cursor.skipBlanks()
  const end = /[-\d]/.test(cursor.peek()) ? readInteger(cursor) : undefined
  cursor.skipBlanks()
  if (cursor.peek() === ':') throw cursor.error('expected no step: a slice is [start:end]')
  return { kind: 'slice', start, end }
}
