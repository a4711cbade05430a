/** When each partition was begun, as far as this process knows: one that was lost has another birth. */
export class Births {
  readonly #births = new Map<number, string>()
  readonly #onLost: (partition: number) => void

  constructor(onLost: (partition: number) => void) {
    this.#onLost = onLost
  }

  /** What a partition says of itself. */
  seen(partition: number, birth: string): void {
    const known = this.#births.get(partition)
    this.#births.set(partition, birth)
    if (known !== undefined && known !== birth) this.#onLost(partition)
  }

  /** That it was lost is known already. */
  forget(partition: number): void {
    this.#births.delete(partition)
  }
}
