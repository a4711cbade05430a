import { type Figures, Tally, type Troubles } from './tally.ts'

/** Organizations that are counted each for itself; what others do is in the total only. */
export const ORGANIZATIONS_MAX = 10_000

/** The tallies of all organizations since the server started. In memory: a restart begins anew. */
export class Statistics {
  /** Wall clock. */
  readonly sinceWallMs: number
  readonly #organizationsMax: number
  readonly #tallies = new Map<string, Tally>()
  /** Of everybody who found the map full. */
  readonly #others = new Tally()

  constructor(sinceWallMs: number, organizationsMax = ORGANIZATIONS_MAX) {
    this.sinceWallMs = sinceWallMs
    this.#organizationsMax = organizationsMax
  }

  /** The tally to count an organization's doings on. Cheap; ask once for each event. */
  of(organizationId: string): Tally {
    return this.#tallies.get(organizationId) ?? this.#begin(organizationId)
  }

  /** The organizations that are counted each for itself. */
  ids(): Iterable<string> {
    return this.#tallies.keys()
  }

  /** What was counted of an organization, all zero for one that is unknown or not counted for itself; `null`: the total. */
  read(organizationId: string | null): Figures {
    if (organizationId !== null) return (this.#tallies.get(organizationId) ?? new Tally()).figures
    return this.total().figures
  }

  /** All organizations together, as of now. */
  total(): Tally {
    const total = new Tally()
    for (const tally of this.#tallies.values()) total.addAll(tally)
    total.addAll(this.#others)
    return total
  }

  /** What went wrong since the server started; `null`: in all. */
  troubles(organizationId: string | null): Troubles {
    if (organizationId !== null) return (this.#tallies.get(organizationId) ?? new Tally()).troubles
    const all = [...this.#tallies.values(), this.#others].map(({ troubles }) => troubles)
    return {
      mailboxFull: all.reduce((sum, { mailboxFull }) => sum + mailboxFull, 0),
      expiredLate: all.reduce((sum, { expiredLate }) => sum + expiredLate, 0),
    }
  }

  /** The same of everybody of whom there is something to say, and in all. */
  allTroubles(): ReadonlyMap<string | null, Troubles> {
    const own = [...this.#tallies].map(([id, tally]) => [id, tally.troubles] as const)
    const some = own.filter(([, { mailboxFull, expiredLate }]) => mailboxFull + expiredLate > 0)
    return new Map<string | null, Troubles>([...some, [null, this.troubles(null)]])
  }

  #begin(organizationId: string): Tally {
    // Ids come from outside: foreign issuers and role SERVICE name what they like.
    if (this.#tallies.size >= this.#organizationsMax) return this.#others
    const tally = new Tally()
    this.#tallies.set(organizationId, tally)
    return tally
  }
}
