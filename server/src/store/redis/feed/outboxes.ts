import type { FeedBounds } from '../../store.ts'
import { list, number, text } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import type { Partitions } from '../connection/partitions.ts'
import { grouped } from '../grouped.ts'
import { type Left, Passage } from './passage.ts'

/** Entries moved in one step. */
const MOVED_MAX = 200

/** One that is to be moved, and where to. */
type Waiting = {
  readonly organizationId: string
  /** Of the organization. */
  readonly to: number
  readonly member: Buffer
}

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
  readonly #functions: Pick<Functions, 'call'>
  readonly #partitions: Partitions
  readonly #known: KnownFeeds
  readonly #bounds: FeedBounds
  readonly #around: OutboxesAround
  readonly #waiting: Set<number>
  readonly #left = new Map<number, Left>()
  #running: Promise<void> | undefined

  constructor(
    functions: Pick<Functions, 'call'>,
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

  /** What is for a partition that is away, or that takes nothing, stays; it keeps nothing of the others back. */
  async #emptyOne(partition: number): Promise<void> {
    this.#waiting.delete(partition)
    const passage = new Passage(this.#left.get(partition), this.#around.isUp)
    try {
      while (await this.#move(partition, passage));
    } catch (error) {
      this.#waiting.add(partition)
      throw error
    }
    const { left } = passage
    this.#left.delete(partition)
    if (left === undefined) return
    this.#left.set(partition, left)
    this.#waiting.add(partition)
    if (passage.failure !== undefined) throw passage.failure
  }

  /** @returns whether there may be more */
  async #move(partition: number, passage: Passage): Promise<boolean> {
    const rows = list(
      await this.#functions.call('quick', 'outbox_peek', partition, [MOVED_MAX, passage.after]),
    )
    const entries = Array.from({ length: rows.length / 2 }, (_, index) => {
      const organizationId = text(rows[2 * index])
      const member = rows[2 * index + 1] as Buffer
      return { organizationId, to: this.#partitions.of(organizationId), member }
    })
    for (const { to } of entries) if (!this.#around.isUp(to)) passage.passOver(to)
    const movable = entries.filter(({ to }) => !passage.isPassedOver(to))
    const groups = grouped(movable, ({ organizationId }) => organizationId)
    const pushed = [...groups.values()].map((group) =>
      this.#push(
        partition,
        group.map(({ item }) => item),
        passage,
      ),
    )
    const moved = (await Promise.all(pushed)).flat()
    if (moved.length > 0) await this.#functions.call('quick', 'outbox_drop', partition, moved)
    const last = entries.at(-1)
    if (last !== undefined) passage.reach(idOf(last.member))
    return entries.length === MOVED_MAX
  }

  /** Entries of one organization. @returns those that are where they belong */
  async #push(partition: number, entries: readonly Waiting[], passage: Passage): Promise<readonly Buffer[]> {
    const [{ organizationId, to } = { organizationId: '', to: 0 }] = entries
    const members = entries.map(({ member }) => member)
    const { organizationEntriesMax, organizationBytesMax } = this.#bounds
    const args = [organizationId, partition, organizationEntriesMax, organizationBytesMax, ...members]
    try {
      const added = number(await this.#functions.call('durable', 'feed_push', to, args))
      if (added > 0) this.#around.onMoved(organizationId)
      return members
    } catch (error) {
      passage.passOver(to, error)
      return []
    }
  }
}

/** What it begins with, up to a colon. */
function idOf(member: Buffer): number {
  return Number(member.toString('latin1', 0, member.indexOf(':')))
}
