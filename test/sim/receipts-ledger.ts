import type { HistoryRecord } from '../../server/src/store/store.ts'
import type { Device, Life } from './device.ts'
import { type Send, Violation } from './ledger.ts'

/** The entries of one event of which the first acknowledged cancels the others, where all of them are known. */
type Race = { readonly eventId: string; readonly cancelId: string; readonly lives: ReadonlySet<Life> }

/**
 * What is promised about lifetimes, receipts and `cancelOthers`:
 * - no event is handed to a link after its lifetime;
 * - no receipt is told, and none is in the history, that did not happen;
 * - a cancelling event comes only after an acknowledgement, and to everybody who still lives but one, who has
 *   acknowledged.
 */
export class ReceiptsLedger {
  /** Names of the devices that have acknowledged, by event. */
  readonly #acknowledged = new Map<string, Set<string>>()
  /** Lives that got an event, by event. */
  readonly #received = new Map<string, Set<Life>>()
  readonly #races: Race[] = []
  /** The event that a cancelling one cancels. */
  readonly #cancels = new Map<string, string>()

  start({ eventId, terms }: Send): void {
    if (terms.cancelId !== undefined) this.#cancels.set(terms.cancelId, eventId)
  }

  race(eventId: string, cancelId: string, lives: readonly Life[]): void {
    this.#races.push({ eventId, cancelId, lives: new Set(lives) })
  }

  acknowledge(device: Device, eventId: string): void {
    add(this.#acknowledged, eventId, device.name)
  }

  receive(device: Device, send: Send | undefined, eventId: string, nowWallMs: number): void {
    if (device.life !== undefined) add(this.#received, eventId, device.life)
    const expiresAtWallMs = send?.terms.expiresAtWallMs ?? Number.POSITIVE_INFINITY
    if (nowWallMs >= expiresAtWallMs)
      throw new Violation(
        `${device.name} got ${eventId} ${nowWallMs - expiresAtWallMs} ms after its lifetime`,
      )
    const cancelled = this.#cancels.get(eventId)
    if (cancelled !== undefined && !this.#acknowledged.has(cancelled))
      throw new Violation(`${device.name} got ${eventId} though nobody had acknowledged ${cancelled}`)
  }

  /** A sender was told of so many receipts. */
  checkReceipts(eventId: string, acknowledged: number): void {
    const actual = this.#acknowledged.get(eventId)?.size ?? 0
    if (acknowledged > actual)
      throw new Violation(`${acknowledged} receipts of ${eventId} were told, and ${actual} had happened`)
  }

  checkRecord(send: Send, { endpoints }: HistoryRecord): void {
    for (const { userEndpointId, outcome } of endpoints) {
      const name = `${send.to}/${userEndpointId}`
      if (outcome === 'acknowledged' && this.#acknowledged.get(send.eventId)?.has(name) !== true)
        throw new Violation(`${name} did not acknowledge ${send.eventId}, which the history claims`)
      if (outcome === 'expired' && send.terms.expiresAtWallMs === undefined)
        throw new Violation(`${send.eventId} expired at ${name} though it had no lifetime`)
    }
  }

  /** At the end: how many cancelling events were due. */
  settleUp(devices: readonly Device[]): number {
    let checked = 0
    for (const race of this.#races) {
      const living = devices.filter(({ life }) => life !== undefined && race.lives.has(life))
      if (this.#acknowledged.has(race.eventId)) checked += this.#checkRace(race, living)
    }
    return checked
  }

  #checkRace({ eventId, cancelId, lives }: Race, living: readonly Device[]): number {
    const told = this.#received.get(cancelId)
    const untold = living.filter(({ life }) => life !== undefined && told?.has(life) !== true)
    const [winner, ...forgotten] = untold
    if (forgotten.length > 0)
      throw new Violation(`${untold.map(({ name }) => name)} were not told that ${eventId} is over`)
    if (winner !== undefined && this.#acknowledged.get(eventId)?.has(winner.name) !== true)
      throw new Violation(`${winner.name} was not told that ${eventId} is over, nor has it acknowledged it`)
    if (winner === undefined && living.length === lives.size)
      throw new Violation(`everybody was told that ${eventId} is over, also who had acknowledged it first`)
    return living.length - untold.length
  }
}

function add<Item>(sets: Map<string, Set<Item>>, name: string, item: Item): void {
  const set = sets.get(name) ?? new Set<Item>()
  sets.set(name, set.add(item))
}
