/** Latencies of one activity of the victim, and what went wrong with it. */
export class Figures {
  readonly #latenciesMs: number[] = []
  /** Requests that were refused or broke, in words. */
  readonly faults: string[] = []

  get count(): number {
    return this.#latenciesMs.length
  }

  /** How long `work` took; what it throws is a fault, and no end of the run. */
  async time<T>(work: () => Promise<T>): Promise<T | undefined> {
    const startedMs = performance.now()
    try {
      return await work()
    } catch (error) {
      this.faults.push(error instanceof Error ? error.message : String(error))
      return undefined
    } finally {
      this.#latenciesMs.push(performance.now() - startedMs)
    }
  }

  /** The latency that `share` (0 to 1) of the requests did not exceed, by the nearest rank; 0 without any. */
  quantileMs(share: number): number {
    const sorted = this.#latenciesMs.toSorted((one, other) => one - other)
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  }
}
