import type { StoreLog } from '../../store-log.ts'
import { DamageError } from './damage.ts'

/** What was found damaged since the store was opened. It is told once, and stays until the next start. */
export class Found {
  readonly #log: StoreLog
  #damage: DamageError | undefined

  constructor(log: StoreLog) {
    this.#log = log
  }

  /** The first of it. */
  get damage(): DamageError | undefined {
    return this.#damage
  }

  note(error: unknown): void {
    if (!(error instanceof DamageError) || this.#damage !== undefined) return
    this.#damage = error
    this.#log.error('the store is damaged', { err: error, problem: error.message })
  }

  during<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      this.note(error)
      throw error
    }
  }
}
