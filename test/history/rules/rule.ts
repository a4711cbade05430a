import type { Numbered } from '../lines.ts'
import type { Picture } from '../picture/picture.ts'

/** Where a rule says what it found. */
export type Judge = {
  /** Something was looked at, and is as it must be. */
  holds(count?: number): void
  /** Something cannot be judged: what is unknown counts neither against the service nor for it. */
  open(count?: number): void
  /**
   * @param text what is wrong, in one line
   * @param lines that contradict each other
   */
  violated(text: string, lines: Iterable<Numbered | undefined>): void
}

export type Watching = {
  /** Looks at the next line, of which the picture knows already. */
  take?(numbered: Numbered): void
  /** Looks at what is left at the end. */
  finish?(): void
}

/** One rule of CLUSTER.md §4. */
export type Rule = {
  readonly name: string
  readonly title: string
  watch(picture: Picture, judge: Judge): Watching
}
