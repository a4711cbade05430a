import type { Fault, FaultEnd, Numbered } from '../lines.ts'

/** From a fault to its end; to infinity while that is not there. */
type Span = { readonly fault: Numbered<Fault>; readonly fromMs: number; toMs: number }

/** A service needs a moment to notice that a fault is over. */
const AFTERMATH_MS = 1000

/** What went wrong, and when. Kept whole: there are few. */
export class Faults {
  readonly #nodes: ReadonlySet<string>
  readonly #spans: Span[] = []
  readonly #open = new Map<number, Span>()
  /** Times in which the whole service could not be heard or could not write. */
  readonly outages: { readonly fromMs: number; toMs: number }[] = []
  /** When a clock jumped last. */
  jumpedAtMs = Number.NEGATIVE_INFINITY

  constructor(nodes: readonly string[]) {
    this.#nodes = new Set(nodes)
  }

  begin(fault: Numbered<Fault>): void {
    const { line } = fault
    if (line.what === 'clock_jumped') this.jumpedAtMs = line.atMs
    if (line.what === 'clock_jumped' || line.what === 'messages_lost') return
    const span = { fault, fromMs: line.atMs, toMs: Number.POSITIVE_INFINITY }
    this.#spans.push(span)
    this.#open.set(line.fault, span)
    this.#watchOutage(line.atMs)
  }

  end({ line }: Numbered<FaultEnd>): void {
    const span = this.#open.get(line.fault)
    if (span === undefined) return
    span.toMs = line.atMs
    this.#open.delete(line.fault)
    this.#watchOutage(line.atMs)
  }

  #watchOutage(atMs: number): void {
    const newest = this.outages.at(-1)
    const isOut = newest?.toMs === Number.POSITIVE_INFINITY
    if (this.#isOut() === isOut) return
    if (isOut) newest.toMs = atMs + AFTERMATH_MS
    else this.outages.push({ fromMs: atMs, toMs: Number.POSITIVE_INFINITY })
  }

  #isOut(): boolean {
    const down = new Set<string>()
    for (const { fault } of this.#open.values()) {
      if (fault.line.what.startsWith('store_')) return true
      // Without a name it is the only one there is.
      for (const node of fault.line.node === undefined ? this.#nodes : [fault.line.node]) down.add(node)
    }
    return down.size > 0 && [...this.#nodes].every((node) => down.has(node))
  }

  /** The first fault that was under way, or just over, in this time; a clock that jumped is none. */
  within(fromMs: number, toMs: number): Numbered<Fault> | undefined {
    return this.#spans.find((span) => span.fromMs <= toMs && span.toMs + AFTERMATH_MS >= fromMs)?.fault
  }
}
