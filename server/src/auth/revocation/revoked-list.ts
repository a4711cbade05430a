import { type Holding, isOverShare, Shares, type UserKey } from '../../store/store.ts'
import type { RevocationBounds } from './revoked-users.ts'

type Entry = { untilWallMs: number; readonly owner: UserKey | undefined; readonly holding: Holding }

/** Single revocations in memory, and whose they are. */
export class RevokedList {
  readonly #bounds: RevocationBounds
  readonly #entries = new Map<string, Entry>()
  readonly #shares: Shares

  constructor(bounds: RevocationBounds) {
    this.#bounds = bounds
    this.#shares = new Shares(bounds)
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Tells whether it was not there before. */
  put(owner: UserKey | undefined, key: string, untilWallMs: number): boolean {
    const known = this.#entries.get(key)
    if (known !== undefined) known.untilWallMs = Math.max(known.untilWallMs, untilWallMs)
    else this.#entries.set(key, { untilWallMs, owner, holding: this.#shares.add(sharerOf(owner), key) })
    return known === undefined
  }

  get(key: string): Pick<Entry, 'owner' | 'untilWallMs'> | undefined {
    return this.#entries.get(key)
  }

  drop(key: string): void {
    const known = this.#entries.get(key)
    if (known === undefined) return
    this.#entries.delete(key)
    this.#shares.remove(known.holding, key)
  }

  prune(nowWallMs: number): void {
    for (const [key, { untilWallMs }] of this.#entries) if (untilWallMs <= nowWallMs) this.drop(key)
  }

  /** A user's keys, each with the time until when it is remembered. */
  of(owner: UserKey): readonly (readonly [string, number])[] {
    const keys = this.#shares.largest(sharerOf(owner), 'user')?.keys ?? []
    return [...keys].map((key) => [key, this.#entries.get(key)?.untilWallMs ?? 0] as const)
  }

  /**
   * Whose single revocations are too many where one more comes of `owner`'s: its own where it is over its share, or the
   * largest's of its organization where that is; of all where the list is full. `undefined`: they cannot become one.
   */
  whoCrowds(owner: UserKey | undefined): UserKey | 'nobody' | undefined {
    const { revocationsMax, organizationSharePercent, callerSharePercent } = this.#bounds
    const sharer = sharerOf(owner)
    const { organization, user } = this.#shares.held(sharer)
    const free = revocationsMax - this.#entries.size - 1
    const isOwnTooLarge = isOverShare(user + 1, free, callerSharePercent)
    const isOrganizationTooLarge = isOverShare(organization + 1, free, organizationSharePercent)
    if (free >= 0 && !isOwnTooLarge && !isOrganizationTooLarge) return 'nobody'
    // Where nobody is told apart, nobody's can be made one.
    if (callerSharePercent >= 100) return free >= 0 && !isOrganizationTooLarge ? 'nobody' : undefined
    if (isOwnTooLarge) return owner
    const largest = this.#shares.largest(sharer, isOrganizationTooLarge ? 'organization' : 'all')
    return this.#ownerOfSome(largest) ?? owner
  }

  /** Of fewer than two nothing is gained. */
  #ownerOfSome(holding: Holding | undefined): UserKey | undefined {
    const [first] = holding?.keys ?? []
    if (holding === undefined || first === undefined || holding.keys.size < 2) return undefined
    return this.#entries.get(first)?.owner
  }
}

/** Who belongs to no organization shares with nobody: a client of role SERVICE is one of its own. */
function sharerOf(owner: UserKey | undefined): UserKey {
  if (owner === undefined) return { organizationId: '', userId: '' }
  return owner.organizationId === '' ? { ...owner, organizationId: `service/${owner.userId}` } : owner
}
