/** When each partition wants to be swept, as far as this process knows; on the clock that it is given. */
export class Due {
  readonly #dueAtMs: number[]

  constructor(partitions: number) {
    this.#dueAtMs = Array.from({ length: partitions }, () => Number.NEGATIVE_INFINITY)
  }

  /**
   * Something was added there that is due then. To look at once whether it is would be a call for each registration, on
   * the partition that is busy with them.
   */
  notAfter(partition: number, dueAtMs: number): void {
    this.#dueAtMs[partition] = Math.min(this.#dueAtMs[partition] ?? dueAtMs, dueAtMs)
  }

  set(partition: number, dueAtMs: number): void {
    this.#dueAtMs[partition] = dueAtMs
  }

  /** Those that wait for the longest come first. */
  at(nowMs: number, isOurs: (partition: number) => boolean): readonly number[] {
    const wanted = this.#dueAtMs.flatMap((dueAtMs, partition) =>
      dueAtMs <= nowMs && isOurs(partition) ? [{ dueAtMs, partition }] : [],
    )
    wanted.sort((a, b) => (a.dueAtMs === b.dueAtMs ? 0 : a.dueAtMs - b.dueAtMs))
    return wanted.map(({ partition }) => partition)
  }

  nextInMs(nowMs: number, isOurs: (partition: number) => boolean): number {
    const ours = this.#dueAtMs.filter((_, partition) => isOurs(partition))
    return Math.max(0, Math.min(...ours) - nowMs)
  }
}
