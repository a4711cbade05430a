import type { Commit } from '../journal/commit.ts'
import { registrationKey } from '../keys.ts'
import type { RegistrationRecord } from './record.ts'
import { encodeLiveness } from './registration-row.ts'

/**
 * The registrations whose liveness rows are behind memory. Many keepalives of one registration between two
 * commits cost one row, and every commit takes all of them: what was answered before it is durable with it.
 */
export class StaleRecords {
  readonly #newestRecovery: () => number
  #records: RegistrationRecord[] = []

  /** @param newestRecovery number of the newest recovery, which every deadline in memory takes into account */
  constructor(newestRecovery: () => number) {
    this.#newestRecovery = newestRecovery
  }

  get size(): number {
    return this.#records.length
  }

  mark(record: RegistrationRecord): void {
    if (record.stale) return
    record.stale = true
    this.#records.push(record)
  }

  writeInto(commit: Commit): void {
    const records = this.#records
    this.#records = []
    const recovery = this.#newestRecovery()
    for (const record of records) {
      record.stale = false
      if (!record.removed)
        commit.put('liveness', registrationKey(record.registrationId), encodeLiveness(record, recovery))
    }
  }
}
