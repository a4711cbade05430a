import type { EndpointName, Numbered } from '../lines.ts'
import type { Call } from './calls.ts'
import type { Event } from './events.ts'
import type { Life } from './lives.ts'

/** An endpoint that must get an event, unless it ends in a way that is documented. */
export type Debt = {
  readonly event: Event
  /** That was answered; `undefined`: it is owed as others answered. */
  readonly call: Call | undefined
  readonly life: Life
  /** The registration that was counted. */
  readonly era: number
  /** What says so. */
  readonly by: readonly Numbered[]
}

/** What is owed to whom, by endpoint, in the order in which it was promised. */
export class Debts {
  readonly #byEndpoint = new Map<EndpointName, Map<string, Debt>>()
  paid = 0

  add(debt: Debt): void {
    const { endpoint } = debt.life
    const debts = this.#byEndpoint.get(endpoint) ?? new Map<string, Debt>()
    this.#byEndpoint.set(endpoint, debts)
    if (!debts.has(debt.event.id)) debts.set(debt.event.id, debt)
  }

  of(endpoint: EndpointName): Iterable<Debt> {
    return this.#byEndpoint.get(endpoint)?.values() ?? []
  }

  find(endpoint: EndpointName, eventId: string): Debt | undefined {
    return this.#byEndpoint.get(endpoint)?.get(eventId)
  }

  pay(endpoint: EndpointName, eventId: string): void {
    if (this.#remove(endpoint, eventId)) this.paid++
  }

  /** It may have ended otherwise. */
  drop({ life, event }: Debt): void {
    this.#remove(life.endpoint, event.id)
  }

  #remove(endpoint: EndpointName, eventId: string): boolean {
    const debts = this.#byEndpoint.get(endpoint)
    const isThere = debts?.delete(eventId) === true
    if (debts?.size === 0) this.#byEndpoint.delete(endpoint)
    return isThere
  }

  *all(): Generator<Debt> {
    for (const debts of this.#byEndpoint.values()) yield* debts.values()
  }
}
