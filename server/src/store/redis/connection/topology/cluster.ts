import { text } from '../answers.ts'
import type { Address } from '../wire.ts'
import type { Asker } from './asker.ts'
import { at, type ClusterNode, planOf, readNodes } from './cluster-nodes.ts'
import { type Finder, nameOf, type Plan } from './plan.ts'

/** How many are asked at once: one may be cut off from the others and know nothing new. */
const ASKED_MAX = 3

/** Finds out from the nodes of a Redis Cluster which of them has which slots. */
export class ClusterFinder implements Finder {
  readonly #seeds: readonly Address[]
  readonly #model: Address
  readonly #askerOf: (address: Address) => Asker
  readonly #askers = new Map<string, Asker>()
  /** Whoever answered last time first, then all that were heard of. */
  #known: readonly Address[]

  constructor(seeds: readonly [Address, ...Address[]], askerOf: (address: Address) => Asker) {
    this.#seeds = seeds
    this.#model = seeds[0]
    this.#known = seeds
    this.#askerOf = askerOf
  }

  async find(): Promise<Plan> {
    let error: unknown
    for (let from = 0; from < this.#known.length; from += ASKED_MAX) {
      const asked = this.#known.slice(from, from + ASKED_MAX)
      const views = await Promise.allSettled(asked.map((address) => this.#view(address)))
      const seen = views.flatMap((view) => (view.status === 'fulfilled' ? [view.value] : []))
      if (seen.length > 0) return this.#conclude(seen)
      error = views.find((view) => view.status === 'rejected')?.reason
    }
    throw error
  }

  close(): void {
    for (const asker of this.#askers.values()) asker.close()
    this.#askers.clear()
  }

  #conclude(views: readonly (readonly ClusterNode[])[]): Plan {
    const plan = planOf(views, this.#model)
    const others = views.flat().map((node) => at(this.#model, node))
    const known = new Map([...plan.primaries, ...others, ...this.#seeds].map((one) => [nameOf(one), one]))
    this.#known = [...known.values()]
    for (const [name, asker] of this.#askers) {
      if (known.has(name)) continue
      asker.close()
      this.#askers.delete(name)
    }
    return plan
  }

  async #view(address: Address): Promise<readonly ClusterNode[]> {
    const name = nameOf(address)
    const asker = this.#askers.get(name) ?? this.#askerOf(address)
    this.#askers.set(name, asker)
    const answer = text(await asker.ask('CLUSTER', ['NODES']))
    return readNodes(answer, address, address.tls !== undefined)
  }
}
