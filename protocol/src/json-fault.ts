/** Where a text stops being JSON, and what should stand there. Lines and columns count from 1. */
export type JsonFault = { readonly line: number; readonly column: number; readonly expected: string }

/**
 * Finds the first fault of a JSON text (RFC 8259); `undefined` where there is none. Written out because browsers say
 * where it is in ways of their own, or not at all.
 *
 * @param depthMax past which nesting is a fault
 */
export function findJsonFault(text: string, depthMax: number): JsonFault | undefined {
  try {
    new Reader(text, depthMax).readText()
    return undefined
  } catch (error) {
    if (error instanceof Fault) return { ...placeOf(text, error.at), expected: error.message }
    throw error
  }
}

/** As people read it: `Line 2, column 5: expected a value`. */
export function faultText({ line, column, expected }: JsonFault): string {
  return `Line ${line}, column ${column}: expected ${expected}`
}

class Fault extends Error {
  readonly at: number

  constructor(at: number, expected: string) {
    super(expected)
    this.at = at
  }
}

function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORDS = ['true', 'false', 'null'] as const
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
/** What a string may hold as it is: no quote, no backslash, no control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const PLAIN = /[^"\\\u0000-\u001f]*/y

class Reader {
  readonly #text: string
  readonly #depthMax: number
  #at = 0

  constructor(text: string, depthMax: number) {
    this.#text = text
    this.#depthMax = depthMax
  }

  readText(): void {
    this.#value(0)
    if (this.#next() !== undefined) throw this.#fault('nothing more')
  }

  #value(depth: number): void {
    const next = this.#next()
    if (depth > this.#depthMax) throw this.#fault(`at most ${this.#depthMax} levels`)
    if (next === '{') this.#members('}', () => this.#member(depth + 1))
    else if (next === '[') this.#members(']', () => this.#value(depth + 1))
    else if (next === '"') this.#string('a value')
    else if (!this.#match(NUMBER) && !WORDS.some((word) => this.#take(word))) throw this.#fault('a value')
  }

  /** What stands between brackets, up to and with the closing one. */
  #members(closing: string, read: () => void): void {
    this.#at++
    this.#next()
    if (this.#take(closing)) return
    for (;;) {
      read()
      this.#next()
      if (this.#take(closing)) return
      if (!this.#take(',')) throw this.#fault(`a comma or ${closing}`)
    }
  }

  #member(depth: number): void {
    this.#next()
    this.#string('a name in double quotes')
    this.#next()
    if (!this.#take(':')) throw this.#fault('a colon')
    this.#value(depth)
  }

  #string(expected: string): void {
    if (!this.#take('"')) throw this.#fault(expected)
    do this.#match(PLAIN)
    while (this.#match(ESCAPE))
    if (this.#take('"')) return
    throw this.#fault(this.#text[this.#at] === '\\' ? 'an escape such as \\n or \\u00e4' : 'a closing quote')
  }

  /** The next character that is no white space, where reading then stands. */
  #next(): string | undefined {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++
    return this.#text[this.#at]
  }

  #take(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false
    this.#at += word.length
    return true
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #fault(expected: string): Fault {
    return new Fault(this.#at, expected)
  }
}
