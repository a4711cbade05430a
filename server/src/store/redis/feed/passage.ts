/** What was left in an outbox: up to which id it was looked through, and for whose partitions what is there still waits. */
export type Left = { readonly after: number; readonly partitions: ReadonlySet<number> }

/**
 * One way through an outbox. What is for a partition that is away, or does not take it, stays. Whoever was passed over once is
 * passed over to the end: a feed that got what came later would take what came earlier for something that it has.
 */
export class Passage {
  /** The id of the last entry that was looked at. */
  #after = 0
  readonly #passedOver = new Set<number>()
  readonly #before: Left | undefined
  #failure: unknown

  /** @param before what the last one left: that is not looked at again while all of it has to stay */
  constructor(before: Left | undefined, isUp: (partition: number) => boolean) {
    this.#before = before
    for (const partition of before?.partitions ?? []) if (!isUp(partition)) this.#passedOver.add(partition)
    this.#skip()
  }

  get after(): number {
    return this.#after
  }

  /** `undefined`: nothing. */
  get left(): Left | undefined {
    return this.#passedOver.size === 0 ? undefined : { after: this.#after, partitions: this.#passedOver }
  }

  /** What kept something from where it was to go; `undefined`: nothing, or it was known to be away. */
  get failure(): unknown {
    return this.#failure
  }

  isPassedOver(partition: number): boolean {
    return this.#passedOver.has(partition)
  }

  passOver(partition: number, failure?: unknown): void {
    this.#passedOver.add(partition)
    this.#failure ??= failure
  }

  /** All up to there has been dealt with. */
  reach(id: number): void {
    this.#after = id
    this.#skip()
  }

  #skip(): void {
    const { after = 0, partitions = [] } = this.#before ?? {}
    if (after <= this.#after) return
    if ([...partitions].every((partition) => this.isPassedOver(partition))) this.#after = after
  }
}
