import { RE2JS } from 're2js'
import { Measure } from './regex-measure.ts'
import type { Work } from './work.ts'

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
 * @param work pays for it; thrown is WorkExhausted where it cannot
 * @param error makes what is thrown; gets no part of the pattern
 */
export function compilePattern(
  source: string,
  flags: string,
  work: Work,
  error: (why: string) => Error,
): Pattern {
  let bits = 0
  for (const flag of flags) {
    const bit = FLAGS.get(flag)
    if (bit === undefined) throw error('expected no regular expression flags but i, m, s, u and d')
    bits |= bit
  }
  const measure = new Measure(source, flags.includes('i') || /\(\?[a-z]*i/.test(source), error)
  refuseCostly(measure, error)
  work.spend(measure.steps)
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
