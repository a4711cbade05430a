import type {
  AppendOutcome,
  EntryPosition,
  IsLinked,
  MailboxEntry,
  Registration,
  RegistrationKey,
  SentThrough,
  Store,
  UserKey,
} from '../../server/src/store/store.ts'

/** One store with the ids that it gave in order, so that the answers of two stores can be compared. */
export class Side {
  store: Store
  /** Registrations and mailbox entries in the order in which they were made. */
  readonly registrations: RegistrationKey[] = []
  readonly entries: EntryPosition[] = []
  /** Events in the order in which they were sent. */
  readonly calls: (UserKey & { readonly eventId: string })[] = []

  #tokens = 0

  constructor(store: Store) {
    this.store = store
  }

  newToken(): string {
    return `token ${++this.#tokens}`
  }

  at(nowWallMs: number): { readonly nowMs: number; readonly nowWallMs: number } {
    return { nowMs: this.store.serviceTime.nowMs(), nowWallMs }
  }

  /** A registration with its place in the order of making instead of the id that only this store gives. */
  plain(registration: Registration | undefined) {
    if (registration === undefined) return undefined
    return { ...withoutPast(registration), ...this.name(registration) }
  }

  /** The name of a registration in the same terms. */
  name({ registrationId, ...endpoint }: RegistrationKey) {
    const { organizationId, userId, userEndpointId } = endpoint
    const own = { organizationId, userId, userEndpointId }
    if (!this.registrations.some((known) => known.registrationId === registrationId))
      this.registrations.push({ ...own, registrationId })
    const ordinal = this.registrations.findIndex((known) => known.registrationId === registrationId)
    return { ...own, registrationId: 0, ordinal }
  }

  /** In an order that does not depend on which of several due at once was looked at first. */
  plainAll(registrations: readonly Registration[]) {
    return registrations.map((one) => this.plain(one)).sort((a, b) => (a?.ordinal ?? 0) - (b?.ordinal ?? 0))
  }

  plainAppend({ accepted, full, replaced }: AppendOutcome) {
    this.entries.push(...accepted)
    if (accepted.length + full.length === 0) return undefined
    return {
      accepted: accepted.map(({ registration, follows }) => ({
        registration: this.name(registration),
        follows: this.#ordinalOf(follows, registration),
      })),
      full: full.map((registration) => this.name(registration)),
      replaced: replaced && this.plainPositions(replaced),
    }
  }

  plainPositions(positions: readonly EntryPosition[]) {
    return positions.map(({ registration, sequence }) => ({
      registration: this.name(registration),
      ordinal: this.#ordinalOf(sequence, registration),
    }))
  }

  /** Entries that the store added on its own: each is the newest of its registration. */
  async plainAdded(registrations: readonly RegistrationKey[]) {
    for (const registration of registrations) {
      const sequence = (await this.store.mailboxes.read(registration, 0, 1000, 1e6)).at(-1)?.sequence ?? 0
      this.entries.push({ registration, sequence })
    }
    return registrations.map((registration) => this.name(registration))
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

  plainEntry(entry: MailboxEntry, of: RegistrationKey) {
    const { sequence, payload, ...rest } = entry
    return { ...rest, ordinal: this.#ordinalOf(sequence, of), payload: Buffer.from(payload).toString() }
  }

  #ordinalOf(sequence: number, of: RegistrationKey): number {
    return this.entries.findIndex(
      (known) => known.sequence === sequence && known.registration.registrationId === of.registrationId,
    )
  }
}

/** How late one is that is over, engines need not know any more once nothing can give it another period. */
function withoutPast(registration: Registration): Registration {
  return registration.remainingMs > 0 ? registration : { ...registration, remainingMs: 0, reminded: false }
}
