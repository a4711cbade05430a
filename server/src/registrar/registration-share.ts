import { RollcallError } from '@rollcall/protocol/error-code'
import type { SharedFigures } from '../observe/observe.ts'
import { isOverShare, SHARE_PERCENTS, type Store } from '../store/store.ts'

/** For how long a count is good, milliseconds: in a store of several processes it is a question to every partition. */
const COUNTED_MS = 1_000
/** Somebody has to go, or what others have to expire. */
const RETRY_AFTER_SECONDS = 30

/** Configuration keys of the same names. Default: no bound. */
export type RegistrationShareSettings = {
  readonly registrationsMax?: number
  readonly organizationSharePercent?: number
}

type Counted = { readonly atMs: number; all: number; readonly byOrganization: Map<string, number> }

/**
 * Registrations are bounded for all, and shared: what is free anybody may have, but an organization that has more than its share
 * of that gets no new ones, and nobody else is refused. Whoever is registered stays, and is kept alive and refreshed.
 */
export class RegistrationShare {
  readonly #totals: Store['totals']
  readonly #nowMs: () => number
  readonly #max: number
  readonly #percent: number
  readonly #refused = { share: 0, full: 0 }
  #counted: Counted = { atMs: Number.NEGATIVE_INFINITY, all: 0, byOrganization: new Map() }

  constructor(
    { totals }: Pick<Store, 'totals'>,
    nowMs: () => number,
    {
      registrationsMax = Number.POSITIVE_INFINITY,
      organizationSharePercent = SHARE_PERCENTS.organizationSharePercent,
    }: RegistrationShareSettings,
  ) {
    this.#totals = totals
    this.#nowMs = nowMs
    this.#max = registrationsMax
    this.#percent = organizationSharePercent
  }

  get figures(): SharedFigures {
    return { used: this.#counted.all, max: this.#max, refused: { ...this.#refused } }
  }

  /**
   * Before one more is made. What is made between two counts is counted here.
   *
   * @param isThere whether it is none more: asked only where there is no room
   * @throws RollcallError `unavailable`
   */
  async admit(organizationId: string, isThere: () => Promise<boolean>): Promise<void> {
    if (this.#max === Number.POSITIVE_INFINITY) return
    const counted = await this.#count(organizationId)
    const held = (counted.byOrganization.get(organizationId) ?? 0) + 1
    const free = this.#max - counted.all - 1
    if (free >= 0 && !isOverShare(held, free, this.#percent)) {
      counted.byOrganization.set(organizationId, held)
      counted.all++
    } else if (!(await isThere())) {
      this.#refused[free < 0 ? 'full' : 'share']++
      throw new RollcallError('unavailable', 'There are too many registrations.', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      })
    }
  }

  async #count(organizationId: string): Promise<Counted> {
    if (this.#nowMs() - this.#counted.atMs >= COUNTED_MS) {
      const { registrations } = await this.#totals()
      this.#counted = { atMs: this.#nowMs(), all: registrations, byOrganization: new Map() }
    }
    const counted = this.#counted
    if (!counted.byOrganization.has(organizationId)) {
      const { registrations } = await this.#totals(organizationId)
      // Another may have counted meanwhile, and be ahead.
      if (!counted.byOrganization.has(organizationId))
        counted.byOrganization.set(organizationId, registrations)
    }
    return counted
  }
}
