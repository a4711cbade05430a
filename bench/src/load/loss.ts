/** Tells that a connection of a pool is lost, of which one is enough. */
export class Loss {
  /** Rejects when one is; never resolves. */
  readonly promise: Promise<never>
  #reject: (error: Error) => void = () => {}

  constructor() {
    this.promise = new Promise((_, reject) => {
      this.#reject = reject
    })
    // Whoever waits for it may not have begun.
    this.promise.catch(() => {})
  }

  readonly tell = (error: Error): void => this.#reject(error)
}
