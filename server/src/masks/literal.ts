import type { Cursor } from './cursor.ts'
import { type JsonValue, setMember } from './json.ts'

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

const CONSTANTS: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['true', true],
  ['false', false],
  ['null', null],
])

export function isQuote(character: string): boolean {
  return character === "'" || character === '"'
}

/** `'…'` or `"…"`. As in Jayway a backslash before any other character stands for that character. */
export function readString(cursor: Cursor): string {
  const start = cursor.position
  const quote = cursor.peek()
  cursor.position++
  let text = ''
  while (!cursor.take(quote)) {
    if (cursor.isAtEnd())
      throw cursor.error('expected a closing quote for the string that starts here', start)
    text += cursor.take('\\') ? readEscape(cursor) : readCharacter(cursor)
  }
  return text
}

function readCharacter(cursor: Cursor): string {
  const character = cursor.peek()
  cursor.position++
  return character
}

function readEscape(cursor: Cursor): string {
  const character = readCharacter(cursor)
  if (character !== 'u') return ESCAPES.get(character) ?? character
  const digits = cursor.takeMatch(/[0-9a-fA-F]{4}/y)
  if (digits === '') throw cursor.error('expected four hexadecimal digits')
  return String.fromCharCode(Number.parseInt(digits, 16))
}

/** A whole number, as indexes are. */
export function readInteger(cursor: Cursor): number {
  const start = cursor.position
  const value = Number(cursor.takeMatch(/-?\d+/y) || Number.NaN)
  if (!Number.isSafeInteger(value)) throw cursor.error('expected a whole number within 53 bits', start)
  return value
}

/** Any value that may stand in a comparison, but a path and a regular expression. */
export function readLiteral(cursor: Cursor): JsonValue {
  const next = cursor.peek()
  if (isQuote(next)) return readString(cursor)
  if (next === '[') return cursor.nested(() => readArray(cursor))
  if (next === '{') return cursor.nested(() => readObject(cursor))
  return /[-.\d]/.test(next) ? readNumber(cursor) : readWord(cursor)
}

// As lenient as java.math.BigDecimal, which Jayway reads numbers with: `.5`, `5.` and `05` are numbers, and so is
// `1e999`, which here is infinite: greater than any number of an event.
function readNumber(cursor: Cursor): number {
  const start = cursor.position
  const digits = cursor.takeMatch(/-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y)
  if (digits === '') throw cursor.error('expected a number', start)
  return Number(digits)
}

function readWord(cursor: Cursor): JsonValue {
  const start = cursor.position
  const value = CONSTANTS.get(cursor.takeMatch(/[A-Za-z]*/y))
  if (value !== undefined) return value
  throw cursor.error(
    'expected a value: a path, a quoted string, a number, true, false, null or a list',
    start,
  )
}

function readArray(cursor: Cursor): JsonValue {
  const items: JsonValue[] = []
  readList(cursor, ']', () => {
    items.push(readItem(cursor))
  })
  return items
}

function readObject(cursor: Cursor): JsonValue {
  const members: { [key: string]: JsonValue } = {}
  readList(cursor, '}', () => {
    const key = isQuote(cursor.peek()) ? readString(cursor) : cursor.takeMatch(/[^:,}\]]*/y).trim()
    cursor.skipBlanks()
    cursor.expect(':', 'expected ":"')
    cursor.skipBlanks()
    setMember(members, key, readItem(cursor))
  })
  return members
}

/** A value in a list or object. Jayway's parser takes text without quotes there. */
function readItem(cursor: Cursor): JsonValue {
  const next = cursor.peek()
  if (isQuote(next) || next === '[' || next === '{') return readLiteral(cursor)
  const word = cursor.takeMatch(/[^,\]}]*/y).trim()
  const value = CONSTANTS.get(word)
  if (value !== undefined) return value
  return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(word) ? Number(word) : word
}

/** An opening bracket, items between commas, of which there may be too many, and `close`. */
function readList(cursor: Cursor, close: string, readOne: () => void): void {
  cursor.position++
  for (;;) {
    cursor.skipBlanks()
    if (cursor.take(close)) return
    if (cursor.take(',')) continue
    readOne()
    cursor.skipBlanks()
    if (cursor.peek() !== ',') {
      cursor.expect(close, `expected "," or "${close}"`)
      return
    }
  }
}
