import type { WallBounds } from '../../../clock/clock.ts'
import { type BookBounds, LAST_SEEN_MS } from '../../bounds.ts'
import { byOrganization, Shares } from '../../shares.ts'
import type { LastSeenStore, UserKey } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

export type LastSeenBounds = Pick<BookBounds, 'lastSeenUsersMax' | 'organizationSharePercent'>

/** When users were last seen, wall-clock milliseconds, longest untouched first. */
export class LastSeen {
  readonly #atWallMs = new Map<string, number>()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(bounds: LastSeenBounds) {
    this.#shares = new Shares(byOrganization(bounds))
    this.#max = bounds.lastSeenUsersMax
  }

  get(user: UserKey): number | undefined {
    return this.#atWallMs.get(keyOf(user))
  }

  set(user: UserKey, atWallMs: number): void {
    this.delete(user)
    this.#atWallMs.set(keyOf(user), atWallMs)
    this.#shares.add(user, keyOf(user))
    this.evicted += this.#shares.keepWithin(this.#max, (key) => this.delete(userOf(key)))
  }

  delete(user: UserKey): void {
    this.#atWallMs.delete(keyOf(user))
    const holding = this.#shares.largest(user, 'user')
    if (holding !== undefined) this.#shares.remove(holding, keyOf(user))
  }

  users(): readonly UserKey[] {
    return [...this.#atWallMs.keys()].map(userOf)
  }
}

type Seen = UserKey & { readonly lastKeepAliveAtWallMs: number }

/** Who is registered now, and who was. */
type Everybody = {
  readonly byEndpoint: ReadonlyMap<string, { readonly registration: Seen }>
  readonly lastSeen: LastSeen
}

export function memoryLastSeen(slots: Everybody, wall: WallBounds, gate: Gate): LastSeenStore {
  return {
    async find(user) {
      assertOpen(gate)
      const key = keyOf(user)
      const own = [...slots.byEndpoint.values()].filter(({ registration }) => keyOf(registration) === key)
      const times = own.map(({ registration }) => registration.lastKeepAliveAtWallMs)
      const seenAtWallMs = Math.max(0, ...times, slots.lastSeen.get(user) ?? 0)
      const isKnown = seenAtWallMs > 0 && wall.earliestMs() < seenAtWallMs + LAST_SEEN_MS
      return isKnown ? seenAtWallMs : undefined
    },
  }
}

/** A registration has ended. */
export function noteLastSeen(lastSeen: LastSeen, registration: Seen): void {
  lastSeen.set(registration, Math.max(registration.lastKeepAliveAtWallMs, lastSeen.get(registration) ?? 0))
}

/** Users of an organization whose registrations have ended. */
export function lastSeenIds(lastSeen: LastSeen, organizationId: string): readonly string[] {
  return lastSeen.users().flatMap((user) => (user.organizationId === organizationId ? [user.userId] : []))
}

function keyOf({ organizationId, userId }: UserKey): string {
  return JSON.stringify([organizationId, userId])
}

function userOf(key: string): UserKey {
  const [organizationId = '', userId = '']: readonly string[] = JSON.parse(key)
  return { organizationId, userId }
}
