import type { Clock, Timer } from '../../clock/clock.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { HeldLink, LinkStore, NeighbourStore } from '../../store/store.ts'
import { closeInTurns } from '../links/close-in-turns.ts'
import type { Links } from '../links/links.ts'
import type { Outbox } from '../links/outbox.ts'

/** Time between two looks at what this process was to be told. A message that takes longer is taken for lost. */
const LOOK_MS = 1_000

export type ResyncContext = {
  readonly neighbours: NeighbourStore
  readonly linkStore: Pick<LinkStore, 'detach'>
  readonly cluster: Pick<Cluster, 'nodes' | 'told'>
  readonly links: Links
  readonly clock: Clock
}

/** Finds what no message told: compares the links here with what the store has of them. */
export class Resync {
  readonly #context: ResyncContext
  readonly #timer: Timer
  #isLooking = false
  /** Parts of the store where a message of before may have been lost for good: everything there is looked at. */
  readonly #owed = new Set<number>()
  #isAllOwed = false

  constructor(context: ResyncContext) {
    this.#context = context
    this.#timer = context.clock.every(LOOK_MS, () => void this.#lookAgain())
    context.cluster.nodes.onReturn(() => this.#returned())
  }

  close(): void {
    this.#timer.cancel()
  }

  async #lookAgain(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      await this.#look()
    } catch {
      // The store says no, and says so itself. What was missed is still missed at the next look.
      this.#isAllOwed = true
    }
    this.#isLooking = false
  }

  async #look(): Promise<void> {
    const { neighbours, cluster } = this.#context
    const { self } = cluster.nodes
    const counts = await neighbours.told()
    for (const part of cluster.told.look(counts)) this.#owed.add(part)
    for (const [part, count] of counts) if (this.#isAllOwed || count === undefined) this.#owed.add(part)
    this.#isAllOwed = false
    // One that is away is looked at once it is there again.
    const parts = [...counts].flatMap(([part, count]) =>
      count !== undefined && this.#owed.has(part) ? [{ part, count }] : [],
    )
    if (parts.length === 0) return
    const before = this.#holdingByPart()
    await Promise.all(parts.map((one) => this.#lookAt(one, before.get(one.part) ?? [], self)))
  }

  /** Links that the store knew before it is asked: one that is attached meanwhile need not be among what it answers. */
  #holdingByPart(): ReadonlyMap<number, readonly Outbox[]> {
    const { neighbours, links } = this.#context
    const byPart = new Map<number, Outbox[]>()
    for (const outbox of links.all()) {
      if (!outbox.isHolding) continue
      const part = neighbours.partOf(outbox.registration)
      const others = byPart.get(part)
      if (others === undefined) byPart.set(part, [outbox])
      else others.push(outbox)
    }
    return byPart
  }

  async #lookAt(
    { part, count }: { readonly part: number; readonly count: number },
    before: readonly Outbox[],
    self: string,
  ): Promise<void> {
    const { neighbours, cluster } = this.#context
    const held = await neighbours.held(part).catch(() => undefined)
    // Buried meanwhile: the store has nothing of it, and its links are closed anyway.
    if (held === undefined || self !== cluster.nodes.self) return
    this.#owed.delete(part)
    this.#compare(before, held)
    cluster.told.caughtUp(part, count)
  }

  #compare(before: readonly Outbox[], held: readonly HeldLink[]): void {
    const { links } = this.#context
    const byLink = new Map(held.map((link) => [link.linkId, link]))
    for (const outbox of before) {
      const known = byLink.get(outbox.linkId)
      if (known === undefined) outbox.link.close('taken_over')
      else if (known.newestSequence === undefined) outbox.link.close('endpoint_expired')
      else if (known.newestSequence > outbox.sentSequence) outbox.resume()
    }
    for (const link of held) if (links.find(link.registration)?.linkId !== link.linkId) this.#letGo(link)
  }

  /** The store holds on to a link that is gone: its end had been lost. */
  #letGo({ registration, linkId }: HeldLink): void {
    this.#context.linkStore.detach(registration, { linkId }, 'connection_lost').catch(() => undefined)
  }

  /** Its links are nobody's in the store: the devices come back, and are links of the new incarnation. */
  #returned(): void {
    const { links, cluster, clock } = this.#context
    cluster.told.reset()
    this.#owed.clear()
    closeInTurns(links.all(), 'draining', clock)
  }
}
