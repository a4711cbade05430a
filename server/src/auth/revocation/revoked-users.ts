import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock, WallBounds } from '../../clock/clock.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import {
  isOverShare,
  type SharedList,
  type SharePercents,
  type UserKey,
  type UserRevocation,
} from '../../store/store.ts'
import type { Principal } from '../principal.ts'
import { everywhere, readUserRevocation } from './everywhere.ts'

const SWEEP_PERIOD_MS = 60_000
/** How many revocations are remembered, and how they are shared. Configuration keys of the same names. */
export type RevocationBounds = SharePercents & { readonly revocationsMax: number }

/** Whose organization nobody has: SERVICE clients, and clients as such. No organization has an empty id. */
export const NO_ORGANIZATION = ''

/** Users, and clients, all of whose tokens from before a moment are refused. Kept in memory and in the store. */
export interface RevokedUsers {
  /** The moment from which on tokens of this principal are good, wall-clock milliseconds; 0: all are. */
  notBeforeWallMs(principal: Pick<Principal, 'organizationId' | 'userId'>): number
  /** The same for all tokens that were issued to a client. */
  clientNotBeforeWallMs(clientId: string): number
  /**
   * From now on everything issued earlier is refused; resolves once that is durable.
   *
   * @throws RollcallError `unavailable`
   */
  revoke(user: UserKey): Promise<void>
  revokeClient(clientId: string): Promise<void>
  /** Idempotent. */
  close(): void
}

type Options = {
  readonly store: SharedList<UserRevocation>
  readonly clock: Pick<Clock, 'every'>
  readonly wall: WallBounds
  /** Longest time for which anything issued before may be of use; milliseconds. */
  readonly useMsMax: number
  readonly bounds: RevocationBounds
  /** Somebody else has revoked all that was issued to a user, or to a client. */
  readonly onLearnt: (id: string) => Promise<void> | void
  /** The other processes of the service. */
  readonly cluster: Pick<Cluster, 'nodes' | 'requests'>
}

/** Reads the list and keeps it short. */
export async function openRevokedUsers(options: Options): Promise<RevokedUsers> {
  const { store, clock, wall, useMsMax, bounds, onLearnt } = options
  const book = new Book()
  const learn = async (revocation: UserRevocation): Promise<void> => {
    if (book.put(revocation)) await onLearnt(revocation.userId)
  }
  const tellOthers = everywhere(options.cluster, 'revoked_user', store, readUserRevocation, learn)
  const unlisten = store.onChange((change) => {
    // Of what is removed nothing is forgotten before its time.
    if (change.kind === 'added') void learn(change.item)
  })
  for (const revocation of await store.list()) book.put(revocation)
  const timer = clock.every(SWEEP_PERIOD_MS, () => book.prune(wall.earliestMs()))

  /** No organization takes the room of all others. */
  function hasRoom(organizationId: string): boolean {
    const free = bounds.revocationsMax - book.size - 1
    return free >= 0 && !isOverShare(book.sizeOf(organizationId) + 1, free, bounds.organizationSharePercent)
  }

  async function revoke({ organizationId, userId }: UserKey): Promise<void> {
    // Forgetting one to remember another would bring revoked tokens back to life.
    if (!book.has(organizationId, userId) && !hasRoom(organizationId))
      throw new RollcallError('unavailable', 'Too many users are revoked now.', { retryAfterSeconds: 60 })
    // Tokens from before a jump back may be stamped later than the clock says now.
    const nowWallMs = wall.latestMs()
    // One later than now: what was issued in this very millisecond was issued before. `access-token.ts` stamps
    // what is issued from here on accordingly, also where the clock is set back.
    const notBeforeWallMs = Math.max(nowWallMs, book.notBeforeWallMs(organizationId, userId)) + 1
    const revocation = { organizationId, userId, notBeforeWallMs, untilWallMs: notBeforeWallMs + useMsMax }
    book.put(revocation)
    await store.add(revocation)
    await tellOthers(revocation)
  }
  return {
    notBeforeWallMs: ({ organizationId, userId }) =>
      book.notBeforeWallMs(organizationId ?? NO_ORGANIZATION, userId),
    clientNotBeforeWallMs: (clientId) => book.notBeforeWallMs(NO_ORGANIZATION, clientId),
    revoke,
    revokeClient: (clientId) => revoke({ organizationId: NO_ORGANIZATION, userId: clientId }),
    close() {
      timer.cancel()
      unlisten()
    },
  }
}

/** Revocations by user id first: it is there as one string, and asked for with every request. */
class Book {
  readonly #byUser = new Map<string, Map<string, UserRevocation>>()
  readonly #sizes = new Map<string, number>()
  #size = 0

  get size(): number {
    return this.#size
  }

  notBeforeWallMs(organizationId: string, userId: string): number {
    return this.#byUser.get(userId)?.get(organizationId)?.notBeforeWallMs ?? 0
  }

  has(organizationId: string, userId: string): boolean {
    return this.#byUser.get(userId)?.has(organizationId) ?? false
  }

  sizeOf(organizationId: string): number {
    return this.#sizes.get(organizationId) ?? 0
  }

  /** Tells whether more is refused than before. */
  put(revocation: UserRevocation): boolean {
    const { organizationId, userId, notBeforeWallMs } = revocation
    if (notBeforeWallMs <= this.notBeforeWallMs(organizationId, userId)) return false
    if (!this.has(organizationId, userId)) {
      this.#sizes.set(organizationId, this.sizeOf(organizationId) + 1)
      this.#size++
    }
    const ofUser = this.#byUser.get(userId) ?? new Map<string, UserRevocation>()
    ofUser.set(organizationId, revocation)
    this.#byUser.set(userId, ofUser)
    return true
  }

  prune(nowWallMs: number): void {
    for (const ofUser of this.#byUser.values())
      for (const revocation of ofUser.values())
        if (nowWallMs >= revocation.untilWallMs) this.#drop(revocation)
  }

  #drop({ organizationId, userId }: UserRevocation): void {
    const ofUser = this.#byUser.get(userId)
    ofUser?.delete(organizationId)
    if (ofUser?.size === 0) this.#byUser.delete(userId)
    this.#size--
    const size = this.sizeOf(organizationId) - 1
    if (size === 0) this.#sizes.delete(organizationId)
    else this.#sizes.set(organizationId, size)
  }
}
