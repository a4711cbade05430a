import {
  HISTORY_VERSION,
  type Line,
  type Opening,
  type Operation,
  type Outcome,
  type Result,
} from './lines.ts'

/** A call whose end is told once; what is told later is heard by nobody. */
export type RecordedCall = {
  ok(result?: Result): void
  refused(error: string, answeredBy?: string): void
  unknown(): void
}

/** A line of any kind, but for its time. */
type Untimed<Of> = Of extends Line ? Omit<Of, 'atMs'> : never

/** Writes a history as it happens: see `README.md`. Not to be kept beyond `settled` and what is read after it. */
export class Recorder {
  readonly #write: (line: Line) => void
  readonly #nowMs: () => number
  readonly #open = new Set<number>()
  #calls = 0
  #faults = 0
  #links = 0

  /**
   * @param write gets the lines, in order
   * @param nowMs a clock that never goes back
   */
  constructor(
    write: (line: Line) => void,
    nowMs: () => number,
    opening: Omit<Opening, 'kind' | 'version' | 'atMs'>,
  ) {
    this.#write = write
    this.#nowMs = nowMs
    this.add({ kind: 'history', version: HISTORY_VERSION, ...opening })
  }

  add(line: Untimed<Line>): void {
    // `Untimed` loses the tie between `kind` and the rest, which `line` has.
    this.#write({ ...line, atMs: this.#nowMs() } as Line)
  }

  begin(operation: Operation): RecordedCall {
    const call = ++this.#calls
    this.#open.add(call)
    this.add({ kind: 'begin', call, ...operation })
    return {
      ok: (result = {}) => this.#end(call, { outcome: 'ok', ...result }),
      refused: (error, answeredBy) =>
        this.#end(call, { outcome: 'refused', error, ...(answeredBy === undefined ? {} : { answeredBy }) }),
      unknown: () => this.#end(call, { outcome: 'unknown' }),
    }
  }

  #end(call: number, outcome: Outcome): void {
    if (this.#open.delete(call)) this.add({ kind: 'end', call, ...outcome })
  }

  /** What is under way now nobody will hear of any more. */
  loseCalls(): void {
    for (const call of [...this.#open]) this.#end(call, { outcome: 'unknown' })
  }

  /** @returns its end; what is called again does nothing */
  fault(what: Extract<Line, { kind: 'fault' }>['what'], node?: string): () => void {
    const fault = ++this.#faults
    this.add({ kind: 'fault', fault, what, ...(node === undefined ? {} : { node }) })
    let isOver = false
    return () => {
      if (!isOver) this.add({ kind: 'fault_end', fault })
      isOver = true
    }
  }

  /** A name for a link that no other has. */
  newLink(): string {
    return `link-${++this.#links}`
  }
}
