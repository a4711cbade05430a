import type { Shedding } from './limits/limits.ts'
import type { Store, StoreWarning } from './store/store.ts'

/** Whether requests should come here, and what an operator should look at. */
export interface Readiness {
  /** In one word; `undefined` while ready. */
  notReadyBecause(): string | undefined
  warnings(): readonly string[]
  /** Everything that was to be started is. */
  started(): void
}

/** What an operator should look at although this process serves whom it can: another could not do more. */
const IS_READY_WITH: ReadonlySet<StoreWarning> = new Set(['disk_low', 'store_partly_away'])

/** Not ready before `started` is called. */
export function watchReadiness(
  store: Pick<Store, 'failure' | 'warnings'>,
  shedding: Pick<Shedding, 'level'>,
): Readiness {
  let isStarted = false
  return {
    started() {
      isStarted = true
    },
    notReadyBecause() {
      if (!isStarted) return 'starting'
      if (store.failure() !== undefined) return 'store_unwritable'
      return store.warnings().find((warning) => !IS_READY_WITH.has(warning))
    },
    warnings: () =>
      shedding.level === 'overloaded' ? [...store.warnings(), 'overloaded'] : store.warnings(),
  }
}
