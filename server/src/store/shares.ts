import { Tallies } from './tallies.ts'

/** Configuration keys of the same names. At 100 nobody is told apart, and the oldest of all goes. */
export type SharePercents = {
  readonly organizationSharePercent: number
  readonly callerSharePercent: number
}

/** For what is shared by organization alone: what a user may have of it has a bound of its own. */
export function byOrganization({
  organizationSharePercent,
}: Pick<SharePercents, 'organizationSharePercent'>): SharePercents {
  return { organizationSharePercent, callerSharePercent: 100 }
}

export const SHARE_PERCENTS: SharePercents = { organizationSharePercent: 50, callerSharePercent: 25 }

/** Nobody is over its share below this: too little to be shared. */
const FLOOR = 16

/**
 * Whether somebody has more than its share of what is not taken from anybody: a multiple of what it leaves free (as
 * `limits/pool.ts`), so that a newcomer always finds some. 50 per cent: as much as it leaves, 100: all.
 */
export function isOverShare(held: number, free: number, percent: number): boolean {
  return percent < 100 && held > Math.max(FLOOR, (percent / (100 - percent)) * free)
}

/** Whose an entry is. */
type Owner = { readonly organizationId: string; readonly userId: string }

/** One user's part of a shared book: keys, oldest first. */
export type Holding = {
  readonly organization: string
  readonly user: string
  readonly keys: Set<string>
}

/**
 * Whose the entries of a bounded book are. Where one has to go, it is the oldest of the user who has the most in the
 * organization that has the most: nobody else's load can push out an entry of those who have few.
 */
export class Shares {
  readonly #percents: SharePercents
  readonly #holdings = new Map<string, Holding>()
  readonly #organizations = new Tallies()
  #size = 0
  /** By organization. */
  readonly #users = new Map<string, Tallies>()

  constructor(percents: SharePercents) {
    this.#percents = percents
  }

  /** Enters a key that is not there, as its owner's newest; what is returned takes it out again. */
  add(owner: Owner, key: string): Holding {
    const holding = this.#holdingOf(owner)
    holding.keys.add(key)
    this.#size++
    this.#organizations.add(holding.organization)
    this.#usersOf(holding.organization).add(holding.user)
    return holding
  }

  remove(holding: Holding, key: string): void {
    if (!holding.keys.delete(key)) return
    this.#size--
    const { organization, user, keys } = holding
    this.#organizations.remove(organization)
    this.#usersOf(organization).remove(user)
    if (keys.size === 0) this.#holdings.delete(nameOf(organization, user))
    if (this.#organizations.of(organization) === 0) this.#users.delete(organization)
  }

  /** The keys of an owner; `undefined`: owners are not told apart. */
  keysOf(owner: Owner): readonly string[] | undefined {
    return this.#namesOf(owner).user === '' ? undefined : [...(this.#find(owner)?.keys ?? [])]
  }

  /** The key that goes where one has to; `undefined`: there is none. */
  leaving(): string | undefined {
    const [oldest] = this.#largestOf(this.#organizations.largest())?.keys ?? []
    return oldest
  }

  /**
   * Has keys go until there are no more than `max`.
   *
   * @param forget takes one out of the book, and out of here
   * @returns how many had to go
   */
  keepWithin(max: number, forget: (key: string) => void): number {
    let gone = 0
    for (; this.#size > max; gone++) forget(this.leaving() ?? '')
    return gone
  }

  /** How many are the owner's, and its organization's. */
  held(owner: Owner): { readonly organization: number; readonly user: number } {
    const { organization } = this.#namesOf(owner)
    return { organization: this.#organizations.of(organization), user: this.#find(owner)?.keys.size ?? 0 }
  }

  /** The largest user's: the owner's own, the largest of its organization, or of the largest organization. */
  largest(owner: Owner, among: 'user' | 'organization' | 'all'): Holding | undefined {
    if (among === 'user') return this.#find(owner)
    return this.#largestOf(
      among === 'all' ? this.#organizations.largest() : this.#namesOf(owner).organization,
    )
  }

  #largestOf(organization: string | undefined): Holding | undefined {
    if (organization === undefined) return undefined
    return this.#holdings.get(nameOf(organization, this.#users.get(organization)?.largest() ?? ''))
  }

  #find(owner: Owner): Holding | undefined {
    const { organization, user } = this.#namesOf(owner)
    return this.#holdings.get(nameOf(organization, user))
  }

  #holdingOf(owner: Owner): Holding {
    const known = this.#find(owner)
    if (known !== undefined) return known
    const { organization, user } = this.#namesOf(owner)
    const holding = { organization, user, keys: new Set<string>() }
    this.#holdings.set(nameOf(organization, user), holding)
    return holding
  }

  #namesOf({ organizationId, userId }: Owner): { readonly organization: string; readonly user: string } {
    const { organizationSharePercent, callerSharePercent } = this.#percents
    return {
      organization: organizationSharePercent < 100 ? organizationId : '',
      user: callerSharePercent < 100 ? `${organizationId}/${userId}` : '',
    }
  }

  #usersOf(organization: string): Tallies {
    const known = this.#users.get(organization)
    if (known !== undefined) return known
    const users = new Tallies()
    this.#users.set(organization, users)
    return users
  }
}

/** Ids never contain a slash, so that no two users share a name. */
function nameOf(organization: string, user: string): string {
  return `${organization}/${user}`
}
