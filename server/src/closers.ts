/** What has to be closed, in the order in which it was opened. */
export class Closers {
  readonly #closers: (() => Promise<void> | void)[] = []
  #closing: Promise<void> | undefined

  add(closer: () => Promise<void> | void): void {
    this.#closers.push(closer)
  }

  /** Closes in reverse order, one after the other; all are tried, and the first failure is thrown at the end. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = []
    for (const closer of this.#closers.reverse()) {
      try {
        await closer()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
