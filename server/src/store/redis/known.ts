import type { OnMailboxEnded, SharePercents, StoreTotals, UserKey } from '../store.ts'
import { Tallies } from '../tallies.ts'
import { list, number, text } from './connection/answers.ts'
import type { Answer } from './connection/wire.ts'

/** Numbers by name in each partition, and their sums. */
class Sums {
  readonly #parts = new Map<string, number>()
  readonly #sums = new Map<string, number>()
  total = 0

  set(partition: number, name: string, value: number): void {
    const part = `${partition}/${name}`
    const by = value - (this.#parts.get(part) ?? 0)
    if (value === 0) this.#parts.delete(part)
    else this.#parts.set(part, value)
    const sum = this.of(name) + by
    if (sum === 0) this.#sums.delete(name)
    else this.#sums.set(name, sum)
    this.total += by
  }

  /** Nothing is there any more. */
  forget(partition: number): void {
    const beginning = `${partition}/`
    const names = [...this.#parts.keys()].filter((part) => part.startsWith(beginning))
    for (const name of names) this.set(partition, name.slice(beginning.length), 0)
  }

  of(name: string): number {
    return this.#sums.get(name) ?? 0
  }

  /** How much more whoever has the most has than anybody else. */
  lead(): number {
    const [first = 0, second = 0] = [...this.#sums.values()].sort((a, b) => b - a)
    return first - second
  }

  /** Who has the most; `undefined`: nobody has any. */
  largest(): string | undefined {
    let found: string | undefined
    for (const [name, sum] of this.#sums) if (sum > (found === undefined ? 0 : this.of(found))) found = name
    return found
  }
}

/** Who has how many replies to idempotency keys, so that where one has to go it is of whoever has the most. */
class Owners {
  readonly #organizations = new Tallies()
  readonly #users = new Map<string, Tallies>()
  readonly #tellsApart: boolean
  total = 0

  constructor({ organizationSharePercent }: SharePercents) {
    this.#tellsApart = organizationSharePercent < 100
  }

  set(owner: string, count: number): void {
    const organization = this.#tellsApart ? owner.slice(0, owner.indexOf('/')) : ''
    const users = this.#users.get(organization) ?? new Tallies()
    this.#users.set(organization, users)
    for (let had = users.of(owner); had < count; had++) this.#step('add', organization, users, owner)
    for (let had = users.of(owner); had > count; had--) this.#step('remove', organization, users, owner)
    if (users.largest() === undefined) this.#users.delete(organization)
  }

  /** `undefined`: nobody has any. */
  largest(): string | undefined {
    return this.#users.get(this.#organizations.largest() ?? '')?.largest()
  }

  #step(how: 'add' | 'remove', organization: string, users: Tallies, owner: string): void {
    users[how](owner)
    this.#organizations[how](organization)
    this.total += how === 'add' ? 1 : -1
  }
}

export type KnownOptions = {
  readonly percents: SharePercents
  readonly onMailboxEnded: OnMailboxEnded | undefined
  /** Told of each entry that came into a partition's outbox. */
  readonly onFed: (partition: number, organizationId: string) => void
  /** Told of an outbox that has something, whoever put it there. */
  readonly onWaiting: (partition: number) => void
  /** Told of what is for another process. */
  readonly onTiding: (partition: number, tiding: Answer) => void
}

/**
 * What this process knows of what is in Redis: what it read at the start, and what every function says since besides its reply.
 * For gauges, and for bounds that concern the whole store; what is promised rests on none of it.
 */
export class Known {
  readonly #options: KnownOptions
  readonly #events = new Sums()
  readonly #bytes = new Sums()
  readonly #claims = new Sums()
  readonly history = new Sums()
  /** Changes in feeds. */
  readonly feed = new Sums()
  readonly owners: Owners
  /** Whose replies are where. */
  readonly #ownersAt = new Map<number, Set<string>>()
  /** Entries of the feed and dead letters that were given up. */
  feedDropped = 0
  /** Users of whom it was forgotten when they were last seen, because there were too many. */
  lastSeenDropped = 0

  constructor(options: KnownOptions) {
    this.#options = options
    this.owners = new Owners(options.percents)
  }

  get claims(): number {
    return this.#claims.total
  }

  waiting(organizationId?: string): Pick<StoreTotals, 'mailboxEvents' | 'mailboxBytes'> {
    const of = (sums: Sums) => (organizationId === undefined ? sums.total : sums.of(organizationId))
    return { mailboxEvents: of(this.#events), mailboxBytes: of(this.#bytes) }
  }

  setTotals(partition: number, organizationId: string, events: number, bytes: number): void {
    this.#events.set(partition, organizationId, events)
    this.#bytes.set(partition, organizationId, bytes)
  }

  setClaims(partition: number, count: number): void {
    this.#claims.set(partition, '', count)
  }

  /** A partition was lost. */
  forget(partition: number): void {
    for (const sums of [this.#events, this.#bytes, this.#claims, this.history, this.feed])
      sums.forget(partition)
    for (const owner of [...(this.#ownersAt.get(partition) ?? [])]) this.#setOwner(partition, owner, 0)
  }

  /** All that there is of a partition, as `S.sums` gives it: what others brought about there is unknown until then. */
  take(partition: number, [totals, history, keys, claims, feed]: readonly Answer[]): void {
    this.forget(partition)
    for (const [organizationId, , events, bytes] of list(totals).map(list))
      this.setTotals(partition, text(organizationId), number(events), number(bytes))
    for (const [organizationId, bytes] of pairs(history))
      this.history.set(partition, text(organizationId), number(bytes))
    for (const [owner, count] of pairs(keys)) this.#setOwner(partition, text(owner), number(count))
    for (const [organizationId, count] of pairs(feed))
      this.feed.set(partition, text(organizationId), number(count))
    this.setClaims(partition, number(claims))
  }

  #setOwner(partition: number, owner: string, count: number): void {
    this.owners.set(owner, count)
    const owners = this.#ownersAt.get(partition) ?? new Set()
    if (count === 0) owners.delete(owner)
    else owners.add(owner)
    this.#ownersAt.set(partition, owners)
  }

  /**
   * Takes up what a function says besides its reply, in its order.
   *
   * @returns tells other processes what concerns them: once what was done counts
   */
  note(partition: number, notes: readonly Answer[]): () => void {
    const tidings: Answer[] = []
    for (let at = 0; at < notes.length; ) at += this.#noteOne(partition, notes, at, tidings)
    return () => {
      for (const tiding of tidings) this.#options.onTiding(partition, tiding)
    }
  }

  /** Returns how much it has read. */
  #noteOne(partition: number, notes: readonly Answer[], at: number, tidings: Answer[]): number {
    const name = () => text(notes[at + 1])
    switch (text(notes[at])) {
      case 'total':
        this.setTotals(partition, name(), number(notes[at + 3]), number(notes[at + 4]))
        return 5
      case 'ended':
        this.#options.onMailboxEnded?.(name(), number(notes[at + 2]))
        return 3
      case 'fed':
        this.#options.onFed(partition, name())
        return 2
      case 'history':
        this.history.set(partition, name(), number(notes[at + 2]))
        return 3
      case 'feed':
        this.feed.set(partition, name(), number(notes[at + 2]))
        return 3
      case 'keys':
        this.#setOwner(partition, name(), number(notes[at + 2]))
        return 3
      case 'claims':
        this.setClaims(partition, number(notes[at + 1]))
        return 2
      case 'outbox':
        this.#options.onWaiting(partition)
        return 1
      case 'tiding':
        tidings.push(notes[at + 1] ?? null)
        return 2
      case 'dropped':
        this.feedDropped += number(notes[at + 1])
        return 2
      default:
        throw new TypeError('A function has noted something that nobody knows.')
    }
  }
}

/** The name of a user in its partition. Ids never contain a slash. */
export function nameOf({ organizationId, userId }: UserKey): string {
  return `${organizationId}/${userId}`
}

/** Of a hash, field by field. */
function pairs(answer: Answer | undefined): readonly (readonly [Answer | undefined, Answer | undefined])[] {
  const rows = list(answer)
  return Array.from({ length: rows.length / 2 }, (_, index) => [rows[2 * index], rows[2 * index + 1]])
}
