import { MASK_DEPTH_MAX } from '@rollcall/protocol/limits'
import type { Work } from './work.ts'

/** Filters within filters: each may walk the whole event again, and nobody writes more than two. */
const FILTER_NESTING_MAX = 8

/** Regular expressions in one mask: compiling one takes some microseconds at best and half a millisecond at worst. */
const PATTERNS_MAX = 4

/** A mask that does not parse. Says where and what was expected, never what the mask contains. */
export class MaskSyntaxError extends Error {
  /** UTF-16 units from the start of the mask. */
  readonly position: number

  constructor(position: number, expectation: string) {
    super(expectation)
    this.name = 'MaskSyntaxError'
    this.position = position
  }
}

/**
 * Whose grammar decides where an unquoted name ends, and what may follow a step: Jayway's, which takes nearly any
 * character into a name, or that of RFC 9535, which has operators end it and allows blanks between steps.
 */
export type Grammar = 'jayway' | 'rfc9535'

/** Reads a mask from left to right, by one of the grammars. */
export class Cursor {
  readonly text: string
  readonly grammar: Grammar
  /** What reading is paid from. */
  readonly work: Work
  position = 0
  /** Whether something was read that the other grammar would read in another way, or not at all. */
  hasDiverged = false
  #nesting = 0
  #filterNesting = 0
  #patterns = 0

  constructor(text: string, grammar: Grammar, work: Work) {
    this.text = text
    this.grammar = grammar
    this.work = work
  }

  /** Whether a filter is being read. */
  get isInFilter(): boolean {
    return this.#filterNesting > 0
  }

  /** The character here or `ahead` of here; empty past the end. */
  peek(ahead = 0): string {
    return this.text.charAt(this.position + ahead)
  }

  isAtEnd(): boolean {
    return this.position >= this.text.length
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.position)
  }

  /** Moves past `text` where it is next. */
  take(text: string): boolean {
    if (!this.startsWith(text)) return false
    this.position += text.length
    return true
  }

  expect(text: string, expectation: string): void {
    if (!this.take(text)) throw this.error(expectation)
  }

  /** Moves past what `pattern` (sticky) matches here; empty where it does not match. */
  takeMatch(pattern: RegExp): string {
    pattern.lastIndex = this.position
    const [found = ''] = pattern.exec(this.text) ?? []
    this.position += found.length
    return found
  }

  skipBlanks(): void {
    while (isBlank(this.peek())) this.position++
  }

  error(expectation: string, position = this.position): MaskSyntaxError {
    return new MaskSyntaxError(position, expectation)
  }

  countPattern(): void {
    this.#patterns++
    if (this.#patterns > PATTERNS_MAX)
      throw this.error(`expected at most ${PATTERNS_MAX} regular expressions in one mask`)
  }

  /** Reads something that may hold more of itself, to a bounded depth. */
  nested<T>(read: () => T): T {
    if (this.#nesting >= MASK_DEPTH_MAX)
      throw this.error(`expected at most ${MASK_DEPTH_MAX} levels of nesting`)
    this.#nesting++
    const result = read()
    this.#nesting--
    return result
  }

  nestedFilter<T>(read: () => T): T {
    if (this.#filterNesting >= FILTER_NESTING_MAX)
      throw this.error(`expected at most ${FILTER_NESTING_MAX} filters within each other`)
    this.#filterNesting++
    const result = this.nested(read)
    this.#filterNesting--
    return result
  }
}

/** JSON's white space. `charAt` past the end gives an empty string, which is none. */
function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r'
}
