/** Partitions that were found empty, or older than they were, until what the process knows of them has been mended. */
export class Losses {
  #partitions = new Set<number>()

  add(partition: number): void {
    this.#partitions.add(partition)
  }

  has(partition: number): boolean {
    return this.#partitions.has(partition)
  }

  take(): readonly number[] {
    const all = [...this.#partitions]
    this.#partitions = new Set()
    return all
  }
}
