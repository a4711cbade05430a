import { MASK_DEPTH_MAX } from '@rollcall/protocol/limits'
import { Cursor, type Grammar, MaskSyntaxError } from './cursor.ts'
import { isQuote, readInteger, readString } from './literal.ts'
import { isPathEnd, readBareName, readName } from './name.ts'
import { readFilter } from './parse-filter.ts'
import { isDefinite, type Path, pathOf, type Segment, type Selector } from './path.ts'
import type { Work } from './work.ts'

/**
 * Reads a whole mask, in each of the ways in which Jayway or RFC 9535 reads it: nearly always they are one. A mask
 * without `$` is taken as if it began with `$.`, so that, as in Jayway, `.a` means `$..a`.
 *
 * @throws MaskSyntaxError where neither takes it, WorkExhausted
 */
export function readMask(text: string, work: Work): readonly Path[] {
  const jayway = tryToRead(text, 'jayway', work)
  if (jayway.path !== undefined && !jayway.hasDiverged) return [jayway.path]
  const standard = tryToRead(text, 'rfc9535', work)
  const paths = [jayway.path, standard.path].filter((path) => path !== undefined)
  if (paths.length === 0) throw standard.error
  return paths
}

const CHARACTER_STEPS = 20

type Reading = { readonly path?: Path; readonly hasDiverged: boolean; readonly error?: MaskSyntaxError }

function tryToRead(text: string, grammar: Grammar, work: Work): Reading {
  work.spend(text.length * CHARACTER_STEPS)
  const cursor = new Cursor(text, grammar, work)
  try {
    const path = readWhole(cursor)
    return { path, hasDiverged: cursor.hasDiverged }
  } catch (error) {
    if (error instanceof MaskSyntaxError) return { hasDiverged: cursor.hasDiverged, error }
    throw error
  }
}

function readWhole(cursor: Cursor): Path {
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
  return readSteps(cursor, from, [])
}

function readBarePath(cursor: Cursor): Path {
  const segments: Segment[] = []
  return readDotted(cursor, segments)
    ? readCall(cursor, 'root', segments)
    : readSteps(cursor, 'root', segments)
}

function readSteps(cursor: Cursor, from: Path['from'], segments: Segment[]): Path {
  while (isStepNext(cursor, segments)) {
    if (segments.length >= MASK_DEPTH_MAX) throw cursor.error(`expected at most ${MASK_DEPTH_MAX} steps`)
    if (cursor.peek() === '[') segments.push({ deep: false, selectors: readBracket(cursor) })
    else if (cursor.take('.')) {
      if (readDotted(cursor, segments)) return readCall(cursor, from, segments)
    } else segments.push({ deep: false, selectors: readBareName(cursor) })
  }
  return pathOf(from, segments)
}

/** Jayway takes a name or `*` right after a bracket or `*`; RFC 9535 allows blanks before a step. */
function isStepNext(cursor: Cursor, segments: readonly Segment[]): boolean {
  if (cursor.peek() === '.' || cursor.peek() === '[') return true
  if (cursor.grammar === 'jayway') return segments.length > 0 && !isPathEnd(cursor)
  const start = cursor.position
  cursor.skipBlanks()
  if (cursor.peek() === '.' || cursor.peek() === '[') return true
  cursor.position = start
  return false
}

/** What follows a dot: another dot, a name, `*`, or, as in Jayway, a bracket. Tells whether it is a function. */
function readDotted(cursor: Cursor, segments: Segment[]): boolean {
  const deep = cursor.take('.')
  if (cursor.peek() === '[') segments.push({ deep, selectors: readBracket(cursor) })
  else if (cursor.take('*')) segments.push({ deep, selectors: [{ kind: 'every' }] })
  else {
    const start = cursor.position
    const selectors = readName(cursor)
    if (cursor.peek() === '(') {
      cursor.position = start
      return true
    }
    segments.push({ deep, selectors })
  }
  return false
}

/** Functions of Jayway. Their results are nowhere in the event: at the end of a mask they would mask nothing. */
const FUNCTIONS = ['length', 'size', 'sum', 'min', 'max', 'avg', 'stddev', 'concat', 'keys', 'first', 'last']

function readCall(cursor: Cursor, from: Path['from'], segments: Segment[]): Path {
  const name = cursor.takeMatch(/[^(]*/y)
  if (!cursor.isInFilter) throw cursor.error('expected no function: a mask names what is in the event')
  if (!FUNCTIONS.includes(name)) throw cursor.error('expected no function, or one that a filter may have')
  cursor.expect('()', 'expected "()": functions in filters take no parameters')
  const isCounted = (name === 'length' || name === 'size') && isDefinite(pathOf(from, segments))
  // What steps from a result lead to is for Jayway alone to know.
  const { segments: further } = readSteps(cursor, from, [])
  return pathOf(from, segments, isCounted && further.length === 0 ? 'length' : 'other')
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
  const start = readBound(cursor)
  if (!cursor.take(':')) {
    if (start === undefined) throw cursor.error('expected an index')
    return { kind: 'index', index: start }
  }
  cursor.skipBlanks()
  const end = readBound(cursor)
  const step = cursor.take(':') ? readStep(cursor) : undefined
  return { kind: 'slice', start, end, step }
}

function readBound(cursor: Cursor): number | undefined {
  const bound = /[-\d]/.test(cursor.peek()) ? readInteger(cursor) : undefined
  cursor.skipBlanks()
  return bound
}

/** Jayway ignores all that follows the second colon, if it is made of digits, `-` and `:`. */
function readStep(cursor: Cursor): number | undefined {
  cursor.skipBlanks()
  const step = cursor.takeMatch(/[-\d:]*/y)
  cursor.skipBlanks()
  return /^-?\d+$/.test(step) ? Number(step) : undefined
}
