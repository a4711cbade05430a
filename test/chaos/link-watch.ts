import type { Line } from '../history/lines.ts'

type Closing = { readonly node: string | undefined; readonly atMs: number }

/** Of so many links closed at once, others would notice. */
const MANY = 6
/** Links of a node that drains are closed over a second; whoever watches may itself be slow. */
const SPREAD_MS_MIN = 300
const KEPT_MAX = 10_000
/** How often it notes that it is awake, and the pause after which it was not: what came meanwhile seems to have come at once. */
const AWAKE_EVERY_MS = 20
const ASLEEP_MS = 200

/** When the links of which node were closed. */
export class LinkWatch {
  readonly #nodeOf = new Map<string, string | undefined>()
  #closings: Closing[] = []
  #awakeAtMs: number | undefined
  #lastAsleepMs = Number.NEGATIVE_INFINITY

  readonly take = (line: Line): void => {
    if (line.kind === 'link_up') this.#nodeOf.set(line.link, line.node)
    if (line.kind !== 'link_down') return
    this.#closings = [
      ...this.#closings.slice(1 - KEPT_MAX),
      { node: this.#nodeOf.get(line.link), atMs: line.atMs },
    ]
    this.#nodeOf.delete(line.link)
  }

  /** Notes that whoever watches is awake; to be called every so often. */
  awake(nowMs: number): void {
    if (nowMs - (this.#awakeAtMs ?? nowMs) > ASLEEP_MS) this.#lastAsleepMs = nowMs
    this.#awakeAtMs = nowMs
  }

  /** Notes by itself that this process is awake, until the function returned is called. */
  stayAwake(): () => void {
    this.#awakeAtMs = performance.now()
    const timer = setInterval(() => this.awake(performance.now()), AWAKE_EVERY_MS)
    timer.unref()
    return () => {
      clearInterval(timer)
      this.awake(performance.now())
    }
  }

  /** What is wrong with how a node closed its links since then; `undefined`: nothing, or nobody was awake to see it. */
  stampedeOf(node: string, sinceMs: number): string | undefined {
    if (this.#lastAsleepMs >= sinceMs) return undefined
    const times = this.#closings
      .filter((one) => one.node === node && one.atMs >= sinceMs)
      .map(({ atMs }) => atMs)
    const [first = 0] = times
    const spreadMs = (times.at(-1) ?? 0) - first
    if (times.length < MANY || spreadMs >= SPREAD_MS_MIN) return undefined
    return `node ${node} closed ${times.length} links within ${spreadMs.toFixed(0)} ms as it drained`
  }
}
