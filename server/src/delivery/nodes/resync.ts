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
  /** A message of before may have been lost for good: everything is looked at. */
  #mustLook = false

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
      this.#mustLook = true
    }
    this.#isLooking = false
  }

  async #look(): Promise<void> {
    const { neighbours, cluster } = this.#context
    const { told } = cluster
    const { self } = cluster.nodes
    const counts = await neighbours.told()
    const isMissed = told.look(counts)
    if (!isMissed && !this.#mustLook) return
    // Those that the store knew before it is asked: one that is attached meanwhile need not be among what it answers.
    const before = this.#context.links.all().filter((outbox) => outbox.isHolding)
    const held = await neighbours.held()
    // Buried meanwhile: the store has nothing of it, and its links are closed anyway.
    if (self !== cluster.nodes.self) return
    this.#mustLook = false
    this.#compare(before, held)
    told.caughtUp(counts)
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
    closeInTurns(links.all(), 'draining', clock)
  }
}
