import { type BookBounds, LAST_SEEN_MS } from '../../bounds.ts'
import { byOrganization, Shares } from '../../shares.ts'
import type { UserKey } from '../../store.ts'
import { asBuffer } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { userName, userRowKey } from '../keys.ts'
import type { Rows } from '../rows.ts'
import type { RegistrationRecord } from './record.ts'

/** When users whose registrations have ended were last seen, in memory and on disk; longest untouched first. */
export class LastSeenBook {
  readonly #journal: Journal
  readonly #seenAtWallMs = new Map<string, number>()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(journal: Journal, bounds: Pick<BookBounds, 'lastSeenUsersMax' | 'organizationSharePercent'>) {
    this.#journal = journal
    this.#shares = new Shares(byOrganization(bounds))
    this.#max = bounds.lastSeenUsersMax
  }

  async load(rows: Rows): Promise<void> {
    const loaded: LastSeenRow[] = []
    await rows.scan('lastSeen', (key, value) => loaded.push(readLastSeen(key, value)))
    loaded.sort((a, b) => a.seenAtWallMs - b.seenAtWallMs)
    for (const { name, seenAtWallMs } of loaded) this.#keep(name, seenAtWallMs)
  }

  get(name: string): number | undefined {
    return this.#seenAtWallMs.get(name)
  }

  /** Names of all users in here; may be read while it changes. */
  names(): Iterable<string> {
    return this.#seenAtWallMs.keys()
  }

  /** The registration ends. */
  note(record: RegistrationRecord): void {
    const name = userName(record)
    const seenAtWallMs = Math.max(record.lastKeepAliveAtWallMs, this.#seenAtWallMs.get(name) ?? 0)
    this.#drop(name)
    this.#keep(name, seenAtWallMs)
    const value = Buffer.allocUnsafe(8)
    value.writeDoubleBE(seenAtWallMs)
    this.#journal.put('lastSeen', userRowKey(name), value)
    this.evicted += this.#shares.keepWithin(this.#max, (oldest) => this.#forget(oldest))
  }

  erase(name: string): void {
    if (this.#seenAtWallMs.has(name)) this.#forget(name)
  }

  /** Forgets the longest untouched whose time is over, at most `max`. */
  prune(nowWallMs: number, max: number): void {
    let left = max
    for (const [name, seenAtWallMs] of this.#seenAtWallMs) {
      if (nowWallMs < seenAtWallMs + LAST_SEEN_MS || left-- <= 0) return
      this.#forget(name)
    }
  }

  #keep(name: string, seenAtWallMs: number): void {
    this.#seenAtWallMs.set(name, seenAtWallMs)
    this.#shares.add(ownerOf(name), name)
  }

  #drop(name: string): void {
    this.#seenAtWallMs.delete(name)
    const holding = this.#shares.largest(ownerOf(name), 'user')
    if (holding !== undefined) this.#shares.remove(holding, name)
  }

  #forget(name: string): void {
    this.#drop(name)
    this.#journal.remove('lastSeen', userRowKey(name))
  }
}

type LastSeenRow = { readonly name: string; readonly seenAtWallMs: number }

export function readLastSeen(key: Uint8Array, value: Uint8Array): LastSeenRow {
  return { name: asBuffer(key).toString('utf8'), seenAtWallMs: asBuffer(value).readDoubleBE(0) }
}

/** Whose the user of that name is (`userName`). */
export function ownerOf(name: string): UserKey {
  const slashAt = name.indexOf('/')
  return { organizationId: name.slice(0, slashAt), userId: name.slice(slashAt + 1) }
}
