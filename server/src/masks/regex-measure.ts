const COMPILE_STEPS = 1_000
const SIZE_STEPS = 200
const CLASS_STEPS = 400
const CLASS_ITEM_STEPS = 30
const UNICODE_CLASS_STEPS = 12_000
/** Without regard to case each character of a range is looked at. */
const FOLDED_CHARACTER_STEPS = 4
/** The last character that has another case. */
const FOLDED_MAX = 0x1e_943

/** Estimates from above what a pattern compiles to and what compiling it takes, without doing so. */
export class Measure {
  unicodeClasses = 0
  readonly size: number
  readonly #source: string
  readonly #isFolded: boolean
  #classSteps = 0
  readonly #error: (why: string) => Error
  #position = 0

  /** @param isFolded whether case does not matter, anywhere in it */
  constructor(source: string, isFolded: boolean, error: (why: string) => Error) {
    this.#source = source
    this.#isFolded = isFolded
    this.#error = error
    this.size = this.#sequence()
  }

  get steps(): number {
    return (
      COMPILE_STEPS + SIZE_STEPS * this.size + UNICODE_CLASS_STEPS * this.unicodeClasses + this.#classSteps
    )
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
    this.#classSteps += CLASS_STEPS
    // RE2 knows it too, but inside it nothing means what this estimate takes it for.
    if (escaped === 'Q')
      throw this.#error('expected no \\Q…\\E in a regular expression: escape each character')
    this.#position += 2
  }

  // In Java [a[b]] is a union and [a&&b] an intersection; RE2 reads both as plain characters.
  #takeClass(): void {
    this.#classSteps += CLASS_STEPS
    this.#position++
    if (this.#source.charAt(this.#position) === '^') this.#position++
    if (this.#source.charAt(this.#position) === ']') this.#position++
    for (;;) {
      const character = this.#source.charAt(this.#position)
      if (character === '[' || this.#source.startsWith('&&', this.#position))
        throw this.#error('expected no "[" and no "&&" inside a character class')
      if (character === '-') this.#countRange()
      if (character === '\\') this.#takeEscape()
      else this.#position++
      this.#classSteps += CLASS_ITEM_STEPS
      if (character === ']' || character === '') return
    }
  }

  /** At a `-` in a class: what stands around it may be the ends of a range. An escape may be any character. */
  #countRange(): void {
    if (!this.#isFolded) return
    const low = this.#source.charCodeAt(this.#position - 1)
    const high = this.#source.charCodeAt(this.#position + 1)
    const isPlain = /^[^\\\ud800-\udfff}]-[^\\\ud800-\udfff\]]$/.test(
      this.#source.slice(this.#position - 1, this.#position + 2),
    )
    const width = isPlain ? Math.max(0, high - low) : FOLDED_MAX
    this.#classSteps += FOLDED_CHARACTER_STEPS * Math.min(width, FOLDED_MAX)
  }
}
