import { RE2JS } from 're2js'

/** A regular expression that takes time linear in the text, and how much at worst. */
export type Pattern = {
  /** Tells whether it matches the whole text, as Java's `matches()` does. */
  matches(text: string): boolean
  /** What matching a text of this length costs at most. */
  stepsFor(textLength: number): number
}

/** For each character and instruction, as if every character met a state of the automaton that is not built yet. */
const MATCH_STEPS = 4

/** As many as a mask has characters, about; a counted repetition counts as often as it may repeat. */
const INSTRUCTIONS_MAX = 500

/** Unicode classes of one pattern: each costs a fair part of a millisecond to compile. */
const UNICODE_CLASSES_MAX = 4

// `u` and `d` are what RE2 does anyway: it folds case by Unicode, and only \n ends a line.
const FLAGS: ReadonlyMap<string, number> = new Map([
  ['i', RE2JS.CASE_INSENSITIVE],
  ['m', RE2JS.MULTILINE],
  ['s', RE2JS.DOTALL],
  ['u', 0],
  ['d', 0],
])

/**
 * Compiles the text between the slashes.
 *
 * What Java reads in another way than RE2 is refused rather than silently matched differently, and so is what
 * would compile to a program too large to run for each value of an event.
 *
 * @param error makes what is thrown; gets no part of the pattern
 */
export function compilePattern(source: string, flags: string, error: (why: string) => Error): Pattern {
  let bits = 0
  for (const flag of flags) {
    const bit = FLAGS.get(flag)
    if (bit === undefined) throw error('expected no regular expression flags but i, m, s, u and d')
    bits |= bit
  }
  refuseCostly(new Measure(source, error), error)
  const compiled = compile(source, bits, error)
  const instructions = compiled.programSize()
  if (instructions > INSTRUCTIONS_MAX) throw error('expected a smaller regular expression')
  return {
    matches: (text) => compiled.testExact(text),
    stepsFor: (textLength) => (textLength + 1) * instructions * MATCH_STEPS,
  }
}

function compile(source: string, flags: number, error: (why: string) => Error): RE2JS {
  try {
    return RE2JS.compile(source, flags)
  } catch {
    // The library's own message quotes the pattern.
    throw error(
      'expected a regular expression that RE2 takes: no look-around, back-references or possessive quantifiers',
    )
  }
}

function refuseCostly({ size, unicodeClasses }: Measure, error: (why: string) => Error): void {
  if (size > INSTRUCTIONS_MAX)
    throw error('expected a smaller regular expression, or fewer counted repetitions')
  if (unicodeClasses > UNICODE_CLASSES_MAX)
    throw error(`expected at most ${UNICODE_CLASSES_MAX} Unicode classes in a regular expression`)
}

/** Estimates from above what a pattern compiles to, without compiling it. */
class Measure {
  unicodeClasses = 0
  readonly size: number
  readonly #source: string
  readonly #error: (why: string) => Error
  #position = 0

  constructor(source: string, error: (why: string) => Error) {
    this.#source = source
    this.#error = error
    this.size = this.#sequence()
  }

  /** Everything up to the `)` that closes it, or the end. */
  #sequence(): number {
    // A stack of its own: parentheses nest as deep as the pattern is long.
    const groups: { before: number; last: number }[] = []
    let group = { before: 0, last: 0 }
    while (this.#position < this.#source.length) {
      const repeats = this.#takeRepetition()
      const character = this.#source.charAt(this.#position)
      if (repeats !== undefined) group.last = (group.last + 1) * repeats
      else if (character === '(') {
        groups.push(group)
        group = { before: 0, last: 0 }
        this.#takeGroupStart()
      } else if (character === ')') {
        const inside = group.before + group.last + 2
        const outer = groups.pop() ?? { before: 0, last: 0 }
        group = { before: outer.before + outer.last, last: inside }
        this.#position++
      } else {
        group = { before: group.before + group.last, last: 1 }
        this.#takeAtom(character)
      }
    }
    return groups.reduce((sum, { before, last }) => sum + before + last, group.before + group.last)
  }

  /** `*`, `+`, `?`, `{n}`, `{n,}` or `{n,m}`: how often at most the program holds what it repeats. */
  #takeRepetition(): number | undefined {
    const [found, low, high] =
      /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})/.exec(this.#source.slice(this.#position, this.#position + 16)) ?? []
    if (found === undefined) return undefined
    this.#position += found.length
    if (low === undefined) return 1
    return Math.max(1, Number(high || 0), Number(low) + (high === '' ? 1 : 0))
  }

  // Java's (?U) makes \w and the like Unicode-aware, RE2's makes quantifiers lazy.
  #takeGroupStart(): void {
    this.#position++
    if (/^\?[a-z-]*U/.test(this.#source.slice(this.#position, this.#position + 16)))
      throw this.#error('expected no (?U) in a regular expression')
  }

  #takeAtom(character: string): void {
    if (character === '[') this.#takeClass()
    else if (character === '\\') this.#takeEscape()
    else this.#position++
  }

  #takeEscape(): void {
    const escaped = this.#source.charAt(this.#position + 1)
    if (escaped === 'p' || escaped === 'P') this.unicodeClasses++
    // RE2 knows it too, but inside it nothing means what this estimate takes it for.
    if (escaped === 'Q')
      throw this.#error('expected no \\Q…\\E in a regular expression: escape each character')
    this.#position += 2
  }

  // In Java [a[b]] is a union and [a&&b] an intersection; RE2 reads both as plain characters.
  #takeClass(): void {
    this.#position++
    if (this.#source.charAt(this.#position) === '^') this.#position++
    if (this.#source.charAt(this.#position) === ']') this.#position++
    for (;;) {
      const character = this.#source.charAt(this.#position)
      if (character === '[' || this.#source.startsWith('&&', this.#position))
        throw this.#error('expected no "[" and no "&&" inside a character class')
      if (character === '\\') this.#takeEscape()
      else this.#position++
      if (character === ']' || character === '') return
    }
  }
}
