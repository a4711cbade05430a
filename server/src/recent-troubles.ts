import type { Clock } from './clock/clock.ts'
import type { Statistics, Troubles } from './observe/observe.ts'

/** How far back is looked, and how often what was counted is written down, milliseconds. */
const WINDOW_MS = 300_000
const EVERY_MS = 30_000

type Counted = ReadonlyMap<string | null, Troubles>

/** What went wrong in the last five minutes, in all (`null`) and of each organization: in memory, and bounded as the tallies are. */
export class RecentTroubles {
  readonly #statistics: Pick<Statistics, 'troubles' | 'allTroubles'>
  readonly #timer: { cancel(): void }
  /** Oldest first. */
  #before: readonly Counted[]

  constructor(clock: Pick<Clock, 'every'>, statistics: Pick<Statistics, 'troubles' | 'allTroubles'>) {
    this.#statistics = statistics
    this.#before = [statistics.allTroubles()]
    this.#timer = clock.every(EVERY_MS, () => {
      this.#before = [...this.#before, statistics.allTroubles()].slice(-WINDOW_MS / EVERY_MS)
    })
  }

  read(organizationId: string | null): Troubles {
    const now = this.#statistics.troubles(organizationId)
    const before = this.#before[0]?.get(organizationId)
    return {
      mailboxFull: now.mailboxFull - (before?.mailboxFull ?? 0),
      expiredLate: now.expiredLate - (before?.expiredLate ?? 0),
    }
  }

  close(): void {
    this.#timer.cancel()
  }
}
