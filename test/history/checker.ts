import type { Line, Numbered } from './lines.ts'
import { Picture } from './picture/picture.ts'
import type { Judge, Watching } from './rules/rule.ts'
import { RULES } from './rules/rules.ts'

/** What is wrong with a history: a rule, and lines that contradict each other. */
export type Violation = { readonly rule: string; readonly text: string; readonly lines: readonly Numbered[] }

/** How often a rule found something to look at. */
export type Tally = {
  readonly name: string
  readonly title: string
  held: number
  /** What nobody can judge, as something of it is unknown. */
  open: number
  violated: number
}

export type Verdict = { readonly violations: readonly Violation[]; readonly tallies: readonly Tally[] }

/** A history that cannot be judged. */
export class Unjudgeable extends Error {}

/** One cause has many effects, and the first few show it. */
const VIOLATIONS_MAX = 20
/** Of a violation: no more than somebody reads. */
const LINES_MAX = 12

/** Judges a history line by line, and keeps what is not over. */
export class Checker {
  readonly #onViolation: (violation: Violation) => void
  readonly #tallies: Tally[] = []
  readonly #violations: Violation[] = []
  #watching: readonly Watching[] = []
  #picture: Picture | undefined
  #lines = 0

  /** @param onViolation called at the line that shows it; from `finish` for what is missing */
  constructor(onViolation: (violation: Violation) => void = () => undefined) {
    this.#onViolation = onViolation
  }

  /** @throws Unjudgeable where it is no next line of a history */
  readonly take = (line: Line): void => {
    const numbered: Numbered = { number: ++this.#lines, line }
    const picture = this.#picture ?? this.#open(line)
    if (line.atMs < picture.nowMs)
      throw new Unjudgeable(`line ${this.#lines} is from before the one before it`)
    picture.take(numbered)
    for (const one of this.#watching) one.take?.(numbered)
  }

  #open(line: Line): Picture {
    if (line.kind !== 'history') throw new Unjudgeable('the first line is not of kind "history"')
    const picture = new Picture(line)
    this.#picture = picture
    this.#watching = RULES.map(({ name, title, watch }) => {
      const tally: Tally = { name, title, held: 0, open: 0, violated: 0 }
      this.#tallies.push(tally)
      return watch(picture, this.#judge(tally))
    })
    return picture
  }

  #judge(tally: Tally): Judge {
    return {
      holds: (count = 1) => {
        tally.held += count
      },
      open: (count = 1) => {
        tally.open += count
      },
      violated: (text, lines) => {
        tally.violated++
        this.#violate({ rule: tally.name, text, lines: evidenceOf(lines) })
      },
    }
  }

  #violate(violation: Violation): void {
    if (this.#violations.length < VIOLATIONS_MAX) this.#violations.push(violation)
    this.#onViolation(violation)
  }

  /** At the end of the history. */
  finish(): Verdict {
    if (this.#picture === undefined) throw new Unjudgeable('there is no line in it')
    for (const one of this.#watching) one.finish?.()
    return { violations: this.#violations, tallies: this.#tallies }
  }

  /** How much is kept, for whoever wonders. */
  get kept(): number {
    return this.#picture?.events.size ?? 0
  }
}

/** Each line once, in their order; of too many the first and the last. */
function evidenceOf(lines: Iterable<Numbered | undefined>): readonly Numbered[] {
  const byNumber = new Map(
    [...lines].flatMap((one) => (one === undefined ? [] : [[one.number, one] as const])),
  )
  const all = [...byNumber.values()].sort((a, b) => a.number - b.number)
  if (all.length <= LINES_MAX) return all
  return [...all.slice(0, LINES_MAX / 2), ...all.slice(-LINES_MAX / 2)]
}
