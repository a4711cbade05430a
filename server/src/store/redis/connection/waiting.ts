import type { Answer } from './wire.ts'

/**
 * What a command can be sent together with: `alone` nothing, `frugal` what a Redis without memory still takes, `other` what
 * it does not.
 */
export type Company = 'alone' | 'frugal' | 'other'

export type Command = {
  /** As `FCALL` takes them: the function, the number of keys, the key, and the function's own. */
  readonly args: readonly (string | Buffer)[]
  /** Whether it may be sent again where nobody knows whether it was carried out. */
  readonly isRepeatable: boolean
  /** Whether it counts only once there are as many copies as asked for. */
  readonly isDurable?: boolean
  /** Default: `alone`. */
  readonly company?: Company
  /** Told as soon as it was carried out, in the order of the partition; before there are copies. */
  readonly onCarriedOut?: (answer: Answer) => void
}

/** A command whose answer somebody waits for. */
export type Waiting = Command & {
  readonly bytes: number
  readonly givenUpAtMs: number
  /** Whether something that it needs was made for it before. */
  hasMissed: boolean
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** Commands of one partition that wait to be sent, in the order in which they came. */
export class WaitingLine {
  #line: Waiting[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#line.length === 0
  }

  get bytes(): number {
    return this.#bytes
  }

  add(waiting: Waiting): void {
    this.#line.push(waiting)
    this.#bytes += waiting.bytes
  }

  /** What was taken before, and comes first. */
  putBack(group: readonly Waiting[]): void {
    this.#line = [...group, ...this.#line]
    for (const { bytes } of group) this.#bytes += bytes
  }

  /** The first, and as many after it as can be sent together with it. */
  takeGroup(countMax: number, bytesMax: number): readonly Waiting[] {
    const company = this.#line[0]?.company ?? 'alone'
    let count = 0
    let bytes = 0
    for (const waiting of this.#line) {
      const isFirst = count === 0
      const fits = company !== 'alone' && waiting.company === company && count < countMax
      if (!isFirst && (!fits || bytes + waiting.bytes > bytesMax)) break
      bytes += waiting.bytes
      count++
    }
    this.#bytes -= bytes
    return this.#line.splice(0, count)
  }

  takeAll(): readonly Waiting[] {
    this.#bytes = 0
    return this.#line.splice(0)
  }

  /** Those whose time to be given up has come: the first came first. */
  takeLate(nowMs: number): readonly Waiting[] {
    const next = this.#line.findIndex(({ givenUpAtMs }) => nowMs < givenUpAtMs)
    const late = this.#line.splice(0, next === -1 ? this.#line.length : next)
    for (const { bytes } of late) this.#bytes -= bytes
    return late
  }
}
