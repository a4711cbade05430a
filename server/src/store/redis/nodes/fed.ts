import { list, number } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import type { Partitions } from '../connection/partitions.ts'
import { grouped } from '../grouped.ts'

/** Whose feeds have come further, whoever moved something there: found once a second where no notice said so. */
export class Fed {
  readonly #functions: Functions
  readonly #partitions: Partitions
  readonly #onFed: (organizationId: string) => void
  /** The newest of each that is watched. */
  #newest = new Map<string, number>()

  constructor(functions: Functions, partitions: Partitions, onFed: (organizationId: string) => void) {
    this.#functions = functions
    this.#partitions = partitions
    this.#onFed = onFed
  }

  watch(organizationIds: readonly string[]): void {
    this.#newest = new Map(organizationIds.map((id) => [id, this.#newest.get(id) ?? 0]))
  }

  /** Somebody says so. */
  heard(organizationId: string): void {
    if (this.#newest.has(organizationId)) this.#onFed(organizationId)
  }

  async look(): Promise<void> {
    const groups = grouped([...this.#newest.keys()], (id) => this.#partitions.of(id))
    await Promise.all(
      [...groups].map(async ([partition, group]) => {
        const ids = group.map(({ item }) => item)
        const newest = list(await this.#functions.call('quick', 'feed_newest', partition, ids)).map(number)
        for (const [index, id] of ids.entries()) this.#compare(id, newest[index] ?? 0)
      }),
    )
  }

  #compare(organizationId: string, newest: number): void {
    const known = this.#newest.get(organizationId)
    if (known === undefined || newest === known) return
    this.#newest.set(organizationId, newest)
    this.#onFed(organizationId)
  }
}
