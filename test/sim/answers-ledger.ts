import type { HistoryRecord } from '../../server/src/store/store.ts'
import type { Device, Life } from './device.ts'
import { type Send, Violation } from './ledger.ts'

/** The endpoints of one event of which the first to answer cancels the others, where all of them are known. */
type Call = { readonly eventId: string; readonly overId: string; readonly lives: ReadonlySet<Life> }

/**
 * What is promised about answers, whatever crashes in between:
 * - there is one winner: whoever is told anything is told of the same, and the history names it;
 * - an endpoint that got the event can answer it, or is told who did;
 * - the cancelling event comes only after somebody tried to answer, and never to the winner;
 * - it comes to everybody else of the call who still lives.
 */
export class AnswersLedger {
  /** Ids of the endpoints that were told, or that others were told, to be the first; by event. */
  readonly #winners = new Map<string, string>()
  readonly #attempted = new Set<string>()
  /** The event that a cancelling one cancels. */
  readonly #cancels = new Map<string, string>()
  /** Ids of the endpoints that got the cancelling event, and the lives in which they did; by the event cancelled. */
  readonly #told = new Map<string, Set<string | Life>>()
  readonly #calls: Call[] = []

  start({ eventId, terms }: Send): void {
    if (terms.overId !== undefined) this.#cancels.set(terms.overId, eventId)
  }

  call(eventId: string, overId: string, lives: readonly Life[]): void {
    this.#calls.push({ eventId, overId, lives: new Set(lives) })
  }

  attempt(eventId: string): void {
    this.#attempted.add(eventId)
  }

  /** Somebody was told that this endpoint is the first. */
  won(eventId: string, userEndpointId: string): void {
    const known = this.#winners.get(eventId)
    if (known !== undefined && known !== userEndpointId)
      throw new Violation(`${eventId} has two winners: ${known} and ${userEndpointId}`)
    this.#winners.set(eventId, userEndpointId)
    this.#checkNotTold(eventId)
  }

  /** An endpoint was told that another is the first. */
  lost(eventId: string, userEndpointId: string, answeredBy: string | undefined): void {
    if (answeredBy === undefined || answeredBy === userEndpointId)
      throw new Violation(
        `${userEndpointId} was told that ${eventId} was answered elsewhere, by ${answeredBy}`,
      )
    this.won(eventId, answeredBy)
  }

  unknown(eventId: string, device: Device): void {
    throw new Violation(`${device.name} got ${eventId}, and was told that there is no such event to answer`)
  }

  receive({ endpoint, life }: Device, eventId: string): void {
    const cancelled = this.#cancels.get(eventId)
    if (cancelled === undefined) return
    if (!this.#attempted.has(cancelled))
      throw new Violation(`${eventId} came though nobody had answered ${cancelled}`)
    const told = this.#told.get(cancelled) ?? new Set()
    this.#told.set(cancelled, told.add(endpoint.userEndpointId))
    if (life !== undefined) told.add(life)
    this.#checkNotTold(cancelled)
  }

  #checkNotTold(eventId: string): void {
    const winner = this.#winners.get(eventId)
    if (winner !== undefined && this.#told.get(eventId)?.has(winner) === true)
      throw new Violation(`${winner} answered ${eventId}, and was told to stop`)
  }

  checkRecord({ eventId, terms }: Send, { answered }: HistoryRecord): void {
    if (terms.overId === undefined) return
    const winner = this.#winners.get(eventId)
    if (winner !== undefined && answered?.userEndpointId !== winner)
      throw new Violation(
        `${eventId} was answered by ${winner}, and the history names ${answered?.userEndpointId}`,
      )
    if (answered === undefined) return
    if (!this.#attempted.has(eventId))
      throw new Violation(`nobody answered ${eventId}, which the history claims`)
    this.won(eventId, answered.userEndpointId)
  }

  /** At the end, when the history was read: how many cancelling events were due. */
  settleUp(devices: readonly Device[]): number {
    let checked = 0
    for (const { eventId, lives } of this.#calls) {
      const winner = this.#winners.get(eventId)
      if (winner === undefined) continue
      const others = devices.filter(
        ({ life, endpoint }) => life !== undefined && lives.has(life) && endpoint.userEndpointId !== winner,
      )
      for (const { life, name } of others) {
        if (life === undefined || this.#told.get(eventId)?.has(life) !== true)
          throw new Violation(`${name} was not told that ${eventId} was answered by ${winner}`)
        checked++
      }
    }
    return checked
  }
}
