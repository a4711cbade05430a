import type {
  AppendOutcome,
  EntryPosition,
  HeldEntry,
  MailboxEntry,
  Registration,
  RegistrationKey,
  Store,
  UserKey,
} from '../../server/src/store/store.ts'
import { entriesOf } from '../helpers/mailbox-entries.ts'

/** More than any sequence of commands makes. */
const RECORDS_MAX = 10_000

/** One store with the ids that it gave in order, so that the answers of two stores can be compared. */
export class Side {
  store: Store
  /** Registrations and mailbox entries in the order in which they were made. */
  readonly registrations: RegistrationKey[] = []
  readonly entries: HeldEntry[] = []
  /** Events in the order in which they were sent. */
  readonly calls: (UserKey & { readonly eventId: string })[] = []

  /** Records of the history in their order. */
  #records: readonly number[] = []
  #tokens = 0

  constructor(store: Store) {
    this.store = store
  }

  /** Records are named by their places from the first, whatever numbers the store gives them. */
  async learnRecords(): Promise<void> {
    const { records } = await this.store.history.list({}, undefined, RECORDS_MAX)
    const ids = new Set([...this.#records, ...records.map(({ recordId }) => recordId)])
    this.#records = [...ids].sort((a, b) => a - b)
  }

  /** 0: it has none. */
  placeOf(recordId: number): number {
    return this.#records.indexOf(recordId) + 1
  }

  /** A number that the record of this place is the first not to be smaller than; past them all where there are fewer. */
  recordAt(place: number): number {
    return this.#records[place - 1] ?? (place <= 0 ? 0 : Number.MAX_SAFE_INTEGER)
  }

  /** The store is another one now, in which entries and records have other numbers. */
  renumber(sequenceOf: (entry: HeldEntry) => number | undefined, ids: ReadonlyMap<number, number>): void {
    for (const [index, entry] of this.entries.entries())
      this.entries[index] = { ...entry, sequence: sequenceOf(entry) ?? -1 }
    this.#records = renumbered(this.#records, ids)
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

  plainAppend({ accepted, full, replaced }: AppendOutcome, eventId: string) {
    this.entries.push(...accepted.map(({ registration, sequence }) => ({ registration, sequence, eventId })))
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
      const { sequence = 0, eventId = '' } = (await entriesOf(this.store, registration)).at(-1) ?? {}
      this.entries.push({ registration, sequence, eventId })
    }
    return registrations.map((registration) => this.name(registration))
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

/** Those that are gone stay where they were among the others. */
function renumbered(records: readonly number[], ids: ReadonlyMap<number, number>): readonly number[] {
  let last = 0
  const steps = records.length + 1
  return records.map((id) => {
    last = ids.get(id) ?? last + 1 / steps
    return last
  })
}

/** How late one is that is over, engines need not know any more once nothing can give it another period. */
function withoutPast(registration: Registration): Registration {
  return registration.remainingMs > 0 ? registration : { ...registration, remainingMs: 0, reminded: false }
}
