import type { Recovery } from '../../recovery.ts'
import type { Journal } from '../journal/journal.ts'
import { addRecovery, pruneRecoveries, type Recoveries, recoveriesChange } from './recoveries.ts'
import type { RegistrationTable } from './registration-table.ts'

/**
 * The recoveries while the store is open. One lifts the deadlines in memory at once and writes no row of theirs: the
 * list, which goes with the next commit, lifts them again at the next start.
 */
export class RecoveryBook {
  readonly #table: RegistrationTable
  #recoveries: Recoveries

  constructor(table: RegistrationTable, loaded: Recoveries) {
    this.#table = table
    this.#recoveries = loaded
  }

  /** Number of the newest, which every deadline in memory takes into account. */
  get newest(): number {
    return this.#recoveries.newest
  }

  add(journal: Journal, { fromMs, toMs }: Pick<Recovery, 'fromMs' | 'toMs'>): void {
    const recovery = { fromMs, toMs, leastMs: 0 }
    const all = addRecovery(this.#recoveries, recovery)
    this.#recoveries = pruneRecoveries(all, toMs, this.#table.periodMaxMs)
    const { table, key, value } = recoveriesChange(this.#recoveries)
    journal.put(table, key, value)
    this.#table.lift(recovery)
  }
}
