import { Tallies } from './tallies.ts'

/** Configuration keys of the same names. At 100 nobody is told apart, and the oldest of all goes. */
export type SharePercents = {
  readonly organizationSharePercent: number
  readonly callerSharePercent: number
}

export const SHARE_PERCENTS: SharePercents = { organizationSharePercent: 50, callerSharePercent: 25 }

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
  /** By organization. */
  readonly #users = new Map<string, Tallies>()

  constructor(percents: SharePercents) {
    this.#percents = percents
  }

  /** Enters a key that is not there, as its owner's newest; what is returned takes it out again. */
  add(owner: Owner, key: string): Holding {
    const holding = this.#holdingOf(owner)
    holding.keys.add(key)
    this.#organizations.add(holding.organization)
    this.#usersOf(holding.organization).add(holding.user)
    return holding
  }

  remove(holding: Holding, key: string): void {
    if (!holding.keys.delete(key)) return
    const { organization, user, keys } = holding
    this.#organizations.remove(organization)
    this.#usersOf(organization).remove(user)
    if (keys.size === 0) this.#holdings.delete(nameOf(organization, user))
    if (this.#organizations.of(organization) === 0) this.#users.delete(organization)
  }

  /** The key that goes where one has to; `undefined`: there is none. */
  leaving(): string | undefined {
    const organization = this.#organizations.largest()
    if (organization === undefined) return undefined
    const user = this.#users.get(organization)?.largest() ?? ''
    const [oldest] = this.#holdings.get(nameOf(organization, user))?.keys ?? []
    return oldest
  }

  #holdingOf({ organizationId, userId }: Owner): Holding {
    const { organizationSharePercent, callerSharePercent } = this.#percents
    const organization = organizationSharePercent < 100 ? organizationId : ''
    const user = callerSharePercent < 100 ? `${organizationId}/${userId}` : ''
    const name = nameOf(organization, user)
    const known = this.#holdings.get(name)
    if (known !== undefined) return known
    const holding = { organization, user, keys: new Set<string>() }
    this.#holdings.set(name, holding)
    return holding
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
