import { isUtf8 } from 'node:buffer'
import { RollcallError } from '@rollcall/protocol/error-code'
import { JSON_DEPTH_MAX } from '@rollcall/protocol/limits'
import { isJsonObject, type JsonObject } from './fields.ts'

/**
 * JSON bodies with their text kept: the device must get the sender's own bytes of the event, which a
 * round trip through JSON.parse would change (`1.0`, 12345678901234567890).
 */
export type JsonBody = {
  /** What `text` is made of: the body without a byte order mark. */
  readonly bytes: Buffer
  readonly text: string
  readonly value: unknown
}

/** One member of an object: where its value stands in the text. */
export type Member = { readonly key: string; readonly start: number; readonly end: number }

/**
 * Decodes and parses a body, and checks what JSON.parse lets pass: the encoding (RFC 8259 §8.1), nesting
 * deeper than `JSON_DEPTH_MAX`, and one key given twice at the top level, where two readers could choose
 * different values.
 *
 * @throws RollcallError `malformed_json`
 */
export function parseJsonBody(body: Buffer): unknown {
  const { text, value } = parseJson(body)
  if (isJsonObject(value)) membersOf(text, text.indexOf('{'), value)
  else skipValue(text, text.search(/\S/), 0)
  return value
}

/** Decodes and parses; `membersOf` does the other checks. */
export function parseJson(body: Buffer): JsonBody {
  if (!isUtf8(body)) throw new RollcallError('malformed_json', 'The body is not valid UTF-8.')
  const bytes = withoutMark(body)
  const text = bytes.toString('utf8')
  try {
    return { bytes, text, value: JSON.parse(text) }
  } catch {
    // The parser's own message quotes the body, which may be secret.
    throw new RollcallError('malformed_json')
  }
}

/** RFC 8259 §8.1: a reader may ignore a byte order mark. Editors and libraries of Windows write one. */
export function withoutMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body
}

const QUOTE = 34
const COMMA = 44
const COLON = 58
const BACKSLASH = 92
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
const SPACE = 32

/**
 * The members of the object that starts at `text[start]`, which must be part of valid JSON.
 *
 * @param value what that object was parsed to: a key given twice is there once
 * @throws RollcallError `malformed_json` for a key given twice or nesting that is too deep
 */
export function membersOf(text: string, start: number, value: JsonObject): readonly Member[] {
  const members: Member[] = []
  let at = skipSpace(text, start + 1)
  while (text.charCodeAt(at) !== CLOSE_OBJECT) {
    const keyEnd = skipString(text, at)
    const key = readKey(text, at, keyEnd)
    // After the key: spaces, a colon, spaces.
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const valueEnd = skipValue(text, valueStart, 1)
    members.push({ key, start: valueStart, end: valueEnd })
    at = skipSpace(text, valueEnd)
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  if (members.length !== Object.keys(value).length)
    throw new RollcallError('malformed_json', 'The body gives a key twice.')
  return members
}

/** The key whose quotes are at `start` and before `end`. */
function readKey(text: string, start: number, end: number): string {
  const key = text.slice(start + 1, end - 1)
  return key.includes('\\') ? String(JSON.parse(text.slice(start, end))) : key
}

/** The index after the value that starts at `start`. `depth` is that of the value's surroundings. */
function skipValue(text: string, start: number, depth: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return skipString(text, start)
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipNested(text, start, depth)
  let at = start
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at++
  return at
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || code <= SPACE || code === COLON
}

function skipNested(text: string, start: number, depth: number): number {
  let open = 0
  for (let at = start; ; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = skipString(text, at) - 1
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      open++
      if (open + depth > JSON_DEPTH_MAX)
        throw new RollcallError('malformed_json', `The body is nested deeper than ${JSON_DEPTH_MAX} levels.`)
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      open--
      if (open === 0) return at + 1
    }
  }
}

/** The index after the string that starts at `start`. */
function skipString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1)
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1)
  return quote + 1
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (text.charCodeAt(at) <= SPACE) at++
  return at
}
