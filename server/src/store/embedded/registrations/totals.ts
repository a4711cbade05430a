import type { StoreTotals } from '../../store.ts'

type Sums = { -readonly [Name in keyof StoreTotals]: StoreTotals[Name] }

/** Registrations and what waits in their mailboxes: in all, and of each organization that has a registration. */
export class Totals {
  readonly #all: Sums = { registrations: 0, mailboxEvents: 0, mailboxBytes: 0 }
  readonly #byOrganization = new Map<string, Sums>()

  /** Of one organization, or in all. */
  of(organizationId: string | undefined): StoreTotals {
    if (organizationId === undefined) return { ...this.#all }
    const sums = this.#byOrganization.get(organizationId)
    return sums === undefined ? { registrations: 0, mailboxEvents: 0, mailboxBytes: 0 } : { ...sums }
  }

  add(organizationId: string, registrations: number, mailboxEvents: number, mailboxBytes: number): void {
    const sums = this.#sums(organizationId)
    addTo(sums, registrations, mailboxEvents, mailboxBytes)
    addTo(this.#all, registrations, mailboxEvents, mailboxBytes)
    if (sums.registrations === 0) this.#byOrganization.delete(organizationId)
  }

  #sums(organizationId: string): Sums {
    const existing = this.#byOrganization.get(organizationId)
    if (existing !== undefined) return existing
    const sums = { registrations: 0, mailboxEvents: 0, mailboxBytes: 0 }
    this.#byOrganization.set(organizationId, sums)
    return sums
  }
}

function addTo(sums: Sums, registrations: number, mailboxEvents: number, mailboxBytes: number): void {
  sums.registrations += registrations
  sums.mailboxEvents += mailboxEvents
  sums.mailboxBytes += mailboxBytes
}
