import type { FeedBounds } from '../../store.ts'
import { list, number, text } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import type { Partitions } from '../connection/partitions.ts'
import { grouped } from '../grouped.ts'

/** Entries moved in one step. */
const MOVED_MAX = 200

type OutboxesAround = {
  /** Whether a partition can be reached now: what is there, or is to go there, is moved once it can. */
  readonly isUp: (partition: number) => boolean
  readonly onMoved: (organizationId: string) => void
}

/** How much is in all feeds, and whose has the most. */
export type KnownFeeds = {
  readonly feed: { readonly total: number; largest(): string | undefined }
}

/**
 * Moves what happened from the partitions where it did to those of the organizations that are told, once and in order: an
 * organization's partition knows up to where it has come with each outbox, so that every step may be repeated.
 */
export class Outboxes {
  readonly #functions: Functions
  readonly #partitions: Partitions
  readonly #known: KnownFeeds
  readonly #bounds: FeedBounds
  readonly #around: OutboxesAround
  readonly #waiting: Set<number>
  #running: Promise<void> | undefined

  constructor(
    functions: Functions,
    partitions: Partitions,
    known: KnownFeeds,
    bounds: FeedBounds,
    around: OutboxesAround,
  ) {
    this.#functions = functions
    this.#partitions = partitions
    this.#known = known
    this.#bounds = bounds
    this.#around = around
    // Whoever was there before may have left something.
    this.#waiting = new Set(partitions.all)
  }

  /** Something came into a partition's outbox. */
  hasMore(partition: number): void {
    this.#waiting.add(partition)
  }

  /** Moves all that has come until now, where that can be reached. */
  async empty(): Promise<void> {
    // What is running may have looked before.
    await this.#running?.catch(() => undefined)
    this.#running ??= this.#emptyAll().finally(() => {
      this.#running = undefined
    })
    await this.#running
  }

  async #emptyAll(): Promise<void> {
    const partitions = [...this.#waiting].filter(this.#around.isUp)
    // One that is away keeps nothing of the others back.
    const emptied = await Promise.allSettled(partitions.map((partition) => this.#emptyOne(partition)))
    await this.#keepBound()
    for (const one of emptied) if (one.status === 'rejected') throw one.reason
  }

  /** Past the bound of all, those with the most lose their oldest. */
  async #keepBound(): Promise<void> {
    while (this.#known.feed.total > this.#bounds.entriesMax) {
      const organizationId = this.#known.feed.largest()
      if (organizationId === undefined) return
      const partition = this.#partitions.of(organizationId)
      const gone = number(await this.#functions.call('quick', 'feed_shed', partition, [organizationId, 1]))
      if (gone === 0) return
    }
  }

  async #emptyOne(partition: number): Promise<void> {
    this.#waiting.delete(partition)
    try {
      while ((await this.#move(partition)) > 0);
    } catch (error) {
      this.#waiting.add(partition)
      throw error
    }
  }

  /** Returns how many are left that can be moved now. */
  async #move(partition: number): Promise<number> {
    const { isUp, onMoved } = this.#around
    const rows = list(await this.#functions.call('quick', 'outbox_peek', partition, [MOVED_MAX]))
    const entries = Array.from({ length: rows.length / 2 }, (_, index) => ({
      organizationId: text(rows[2 * index]),
      member: rows[2 * index + 1] as Buffer,
    }))
    if (entries.length === 0) return 0
    const movable = entries.filter(({ organizationId }) => isUp(this.#partitions.of(organizationId)))
    const groups = grouped(movable, ({ organizationId }) => organizationId)
    const { organizationEntriesMax, organizationBytesMax } = this.#bounds
    for (const [organizationId, group] of groups) {
      const members = group.map(({ item }) => item.member)
      const args = [organizationId, partition, organizationEntriesMax, organizationBytesMax, ...members]
      const added = number(
        await this.#functions.call('durable', 'feed_push', this.#partitions.of(organizationId), args),
      )
      if (added > 0) onMoved(organizationId)
    }
    const moved = movable.map(({ member }) => member)
    const left =
      moved.length === 0 ? 0 : number(await this.#functions.call('quick', 'outbox_drop', partition, moved))
    if (moved.length === entries.length) return left
    // Of an organization whose partition is away: the next time.
    this.#waiting.add(partition)
    return 0
  }
}
