import type { Line } from '../history/lines.ts'

type Closing = { readonly node: string | undefined; readonly atMs: number }

/** Of so many links closed at once, others would notice. */
const MANY = 6
/** Links of a node that drains are closed over a second; whoever watches may itself be slow. */
const SPREAD_MS_MIN = 300
const KEPT_MAX = 10_000

/** When the links of which node were closed. */
export class LinkWatch {
  readonly #nodeOf = new Map<string, string | undefined>()
  #closings: Closing[] = []

  readonly take = (line: Line): void => {
    if (line.kind === 'link_up') this.#nodeOf.set(line.link, line.node)
    if (line.kind !== 'link_down') return
    this.#closings = [
      ...this.#closings.slice(1 - KEPT_MAX),
      { node: this.#nodeOf.get(line.link), atMs: line.atMs },
    ]
    this.#nodeOf.delete(line.link)
  }

  /** What is wrong with how a node closed its links since then; `undefined`: nothing. */
  stampedeOf(node: string, sinceMs: number): string | undefined {
    const times = this.#closings
      .filter((one) => one.node === node && one.atMs >= sinceMs)
      .map(({ atMs }) => atMs)
    const [first = 0] = times
    const spreadMs = (times.at(-1) ?? 0) - first
    if (times.length < MANY || spreadMs >= SPREAD_MS_MIN) return undefined
    return `node ${node} closed ${times.length} links within ${spreadMs.toFixed(0)} ms as it drained`
  }
}
