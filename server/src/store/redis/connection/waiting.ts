import type { Answer } from './wire.ts'

export type Command = {
  readonly args: readonly (string | Buffer)[]
  /** Whether it may be sent again where nobody knows whether it was carried out. */
  readonly isRepeatable: boolean
}

/** A command whose answer somebody waits for. */
export type Waiting = Command & {
  readonly bytes: number
  readonly order: number
  readonly givenUpAtMs: number
  /** Whether something that it needs was made for it before. */
  hasMissed: boolean
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** Commands that wait to be sent, in the order in which they came first. */
export class WaitingLine {
  #line: Waiting[] = []
  bytes = 0

  get isEmpty(): boolean {
    return this.#line.length === 0
  }

  add(waiting: Waiting): void {
    const isLast = waiting.order > (this.#line.at(-1)?.order ?? -1)
    this.#line.push(waiting)
    if (!isLast) this.#line.sort((a, b) => a.order - b.order)
    this.bytes += waiting.bytes
  }

  takeAll(): readonly Waiting[] {
    const all = this.#line
    this.#line = []
    this.bytes = 0
    return all
  }

  /** Those whose time to be given up has come. */
  takeLate(nowMs: number): readonly Waiting[] {
    const late = this.#line.filter(({ givenUpAtMs }) => nowMs >= givenUpAtMs)
    if (late.length === 0) return late
    this.#line = this.#line.filter(({ givenUpAtMs }) => nowMs < givenUpAtMs)
    for (const { bytes } of late) this.bytes -= bytes
    return late
  }
}
