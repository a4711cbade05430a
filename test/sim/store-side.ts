import type {
  AppendOutcome,
  EntryPosition,
  IsLinked,
  MailboxEntry,
  Moment,
  Registration,
  SentThrough,
  Store,
  UserKey,
} from '../../server/src/store/store.ts'

/** One store with the ids that it gave in order, so that the answers of two stores can be compared. */
export class Side {
  store: Store
  /** Registrations and mailbox entries in the order in which they were made. */
  readonly registrations: Registration[] = []
  readonly entries: { readonly registration: Registration; readonly sequence: number }[] = []
  claimed: readonly Registration[] = []
  /** Events in the order in which they were sent. */
  readonly calls: (UserKey & { readonly eventId: string })[] = []

  #tokens = 0

  constructor(store: Store) {
    this.store = store
  }

  newToken(): string {
    return `token ${++this.#tokens}`
  }

  at(nowWallMs: number): Moment {
    return { nowMs: this.store.serviceTime.nowMs(), nowWallMs }
  }

  /** A registration with its place in the order of making instead of the id that only this store gives. */
  plain(registration: Registration | undefined) {
    if (registration === undefined) return undefined
    const { registrationId, ...rest } = this.#withoutPast(registration)
    if (!this.registrations.some((known) => known.registrationId === registrationId))
      this.registrations.push(registration)
    return {
      ...rest,
      ordinal: this.registrations.findIndex((known) => known.registrationId === registrationId),
    }
  }

  /** The same in an order that does not depend on which of several due at once was claimed first. */
  plainClaims(claims: readonly Registration[]) {
    return claims.map((claim) => this.plain(claim)).sort((a, b) => (a?.ordinal ?? 0) - (b?.ordinal ?? 0))
  }

  plainAppend({ accepted, full, replaced }: AppendOutcome) {
    this.entries.push(...accepted)
    if (accepted.length + full.length === 0) return undefined
    return {
      accepted: accepted.map(({ registration, follows }) => ({
        registration: this.plain(registration),
        follows: this.#ordinalOf(follows, registration),
      })),
      full: full.map((registration) => this.plain(registration)),
      replaced: replaced && this.plainPositions(replaced),
    }
  }

  plainPositions(positions: readonly EntryPosition[]) {
    return positions.map(({ registration, sequence }) => ({
      registration: this.plain(registration),
      ordinal: this.#ordinalOf(sequence, registration),
    }))
  }

  /** Entries that the store added on its own: each is the newest of its registration. */
  async plainAdded(registrations: readonly Registration[]) {
    for (const registration of registrations) {
      const sequence = (await this.store.mailboxes.read(registration, 0, 1000, 1e6)).at(-1)?.sequence ?? 0
      this.entries.push({ registration, sequence })
    }
    return registrations.map((registration) => this.plain(registration))
  }

  /** All but the newest `unsent` entries ever of each registration are in flight, those that wait. */
  sentThrough(unsent: number): SentThrough {
    return (registrationId) => {
      const own = this.entries.filter((entry) => entry.registration.registrationId === registrationId)
      return own[own.length - 1 - unsent]?.sequence ?? 0
    }
  }

  /** Those of these endpoints have a link. */
  isLinked(userEndpointIds: readonly string[]): IsLinked {
    return (registrationId) => {
      const known = this.registrations.find((one) => one.registrationId === registrationId)
      return known !== undefined && userEndpointIds.includes(known.userEndpointId)
    }
  }

  plainEntry(entry: MailboxEntry, of: Registration) {
    const { sequence, payload, ...rest } = entry
    return { ...rest, ordinal: this.#ordinalOf(sequence, of), payload: Buffer.from(payload).toString() }
  }

  async release(): Promise<void> {
    const decisions = this.claimed.map((registration) => ({ registration, step: 'wait' as const }))
    await this.store.registrations.carryOut(decisions, this.store.serviceTime.nowMs())
    this.claimed = []
  }

  /** When one that is over was so, engines need not know any more once nothing can give it another period. */
  #withoutPast(registration: Registration): Registration {
    const isOver = registration.expiresAtMs <= this.store.serviceTime.nowMs()
    return isOver ? { ...registration, expiresAtMs: 0, reminded: false } : registration
  }

  #ordinalOf(sequence: number, of: Registration): number {
    return this.entries.findIndex(
      (known) => known.sequence === sequence && known.registration.registrationId === of.registrationId,
    )
  }
}
