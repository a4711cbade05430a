import { afterThisTurn, type Clock } from '../../../clock/clock.ts'
import type { UserKey } from '../../store.ts'
import { userName } from '../keys.ts'
import type { LastSeenBook } from './last-seen-book.ts'
import type { RegistrationTable } from './registration-table.ts'
import { SortedNames } from './sorted-names.ts'

/** How long a roster is kept that nobody has asked for, milliseconds. */
const KEPT_MS = 600_000
/** Names taken up before everybody else gets a turn. */
const TAKEN_UP_MAX = 5_000

type Roster = { readonly names: SortedNames; readonly whole: Promise<void>; askedAtMs: number }
type Parts = {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly table: RegistrationTable
  readonly lastSeen: LastSeenBook
}

/**
 * The users of those organizations whose lists somebody looks at, in order: made when one is asked for, followed as
 * users come, and forgotten some time after the last question. Costs nothing where nobody asks.
 */
export class Rosters {
  readonly #parts: Parts
  readonly #byOrganization = new Map<string, Roster>()

  constructor(parts: Parts) {
    this.#parts = parts
    parts.table.whose.onNewUser((user) => this.#follow(user))
  }

  /** All of them. Some may be forgotten meanwhile: whoever finds one removes it. */
  async of(organizationId: string): Promise<SortedNames> {
    const nowMs = this.#parts.clock.monotonicMs()
    for (const [id, { askedAtMs }] of this.#byOrganization)
      if (nowMs - askedAtMs > KEPT_MS) this.#byOrganization.delete(id)
    const roster = this.#byOrganization.get(organizationId) ?? this.#begin(organizationId, nowMs)
    roster.askedAtMs = nowMs
    await roster.whole
    return roster.names
  }

  #begin(organizationId: string, askedAtMs: number): Roster {
    const names = new SortedNames()
    const roster = { names, whole: this.#takeUp(organizationId, names), askedAtMs }
    this.#byOrganization.set(organizationId, roster)
    return roster
  }

  async #takeUp(organizationId: string, names: SortedNames): Promise<void> {
    const { table, lastSeen } = this.#parts
    let taken = 0
    const rest = async (): Promise<void> => {
      if (++taken % TAKEN_UP_MAX === 0) await new Promise<void>((resolve) => afterThisTurn(resolve))
    }
    for (const userId of table.whose.userIds(organizationId)) {
      names.add(userId)
      await rest()
    }
    const beginning = userName({ organizationId, userId: '' })
    for (const name of lastSeen.names()) {
      if (name.startsWith(beginning)) names.add(name.slice(beginning.length))
      await rest()
    }
  }

  #follow({ organizationId, userId }: UserKey): void {
    const roster = this.#byOrganization.get(organizationId)
    if (roster === undefined) return
    if (this.#parts.clock.monotonicMs() - roster.askedAtMs > KEPT_MS)
      this.#byOrganization.delete(organizationId)
    else roster.names.add(userId)
  }
}
