import { RollcallError } from '@rollcall/protocol/error-code'
import { afterThisTurn, type Clock, type WallBounds } from '../../clock/clock.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { RevokedToken, SharedList, UserKey } from '../../store/store.ts'
import type { AuthLog } from '../auth-log.ts'
import type { Witness } from '../oauth/witness.ts'
import { everywhere, readRevokedToken } from './everywhere.ts'
import { RevokedList } from './revoked-list.ts'
import type { RevocationBounds, RevokedUsers } from './revoked-users.ts'

const SWEEP_PERIOD_MS = 60_000
/** Others of the same organization that may be made one revocation so that one more finds room. */
const TRIES_MAX = 3
/** Single revocations that are taken off the disk in one turn of the event loop. */
const SLICE = 500

/** Tokens and sign-ins ended before their time. Asked at every call, so kept in memory, and in the store for the next start. */
export interface RevokedTokens {
  has(key: string): boolean
  /**
   * Refused until `untilWallMs`, from this call on where there is room; resolves once that is durable. Where whoever it
   * belongs to has more than its share, all that was issued to that user before now is refused instead, and so it is for
   * the user of the same organization that has the most, where that has: nothing that was revoked is ever good again.
   *
   * @param owner whose token it is; `undefined`: nobody knows
   * @throws RollcallError `unavailable`
   */
  add(owner: UserKey | undefined, key: string, untilWallMs: number): Promise<void>
  /** Idempotent. */
  close(): void
}

type Options = {
  readonly store: SharedList<RevokedToken>
  readonly revokedUsers: Pick<RevokedUsers, 'revoke' | 'notBeforeWallMs'>
  readonly bounds: RevocationBounds
  readonly clock: Pick<Clock, 'every'>
  readonly wall: WallBounds
  readonly log: Pick<AuthLog, 'warn'>
  readonly witness: Pick<Witness, 'revocationsMerged'>
  /** Longest time for which a token of ours that is issued now may be of use; milliseconds. */
  readonly tokenUseMsMax: number
  /** All that was issued to a user is refused now. */
  readonly onUserRevoked: (userId: string) => Promise<void> | void
  /** Somebody else has revoked a token: whose it is, where anybody knows. */
  readonly onLearnt: (userId: string | undefined) => Promise<void> | void
  /** The other processes of the service. */
  readonly cluster: Pick<Cluster, 'nodes' | 'requests'>
}

/** Reads the list and keeps it short. */
export async function openRevokedTokens(options: Options): Promise<RevokedTokens> {
  const { store, revokedUsers, bounds, clock, wall, log, witness } = options
  const { tokenUseMsMax, onUserRevoked, onLearnt } = options
  const list = new RevokedList(bounds)
  const unlisten = store.onChange((change) => {
    if (change.kind === 'removed') dropCovered(change.keys)
    else void learn(change.item)
  })
  const put = ({ owner, tokenKey, untilWallMs }: RevokedToken): boolean =>
    list.put(owner, tokenKey, untilWallMs)
  const learn = async (token: RevokedToken): Promise<void> => {
    if (put(token)) await onLearnt(token.owner?.userId)
  }
  const tellOthers = everywhere(options.cluster, 'revoked_token', store, readRevokedToken, learn)
  for (const token of await store.list()) put(token)
  const timer = clock.every(SWEEP_PERIOD_MS, () => list.prune(wall.earliestMs()))
  /** What was issued before now ends before then; what ends later bears a time from before the clock was set back. */
  const coveredUntilWallMs = (): number => wall.latestMs() + tokenUseMsMax

  /**
   * Somebody else has put one revocation of a user in the place of these. Where that has not been heard of here, they stay
   * until their time is over.
   */
  function dropCovered(keys: readonly string[]): void {
    for (const key of keys) {
      const { owner, untilWallMs } = list.get(key) ?? {}
      if (owner === undefined || untilWallMs === undefined) continue
      if (untilWallMs <= revokedUsers.notBeforeWallMs(owner) + tokenUseMsMax) list.drop(key)
    }
  }

  /** Puts one revocation of a user in the place of the single ones. Those are forgotten only once it is durable. */
  async function collapse(owner: UserKey): Promise<void> {
    const covered = list.of(owner).filter(([, untilWallMs]) => untilWallMs <= coveredUntilWallMs())
    await revokedUsers.revoke(owner)
    const keys = covered.map(([key]) => key)
    for (const key of keys) list.drop(key)
    witness.revocationsMerged(keys.length)
    log.warn('a user has so many revocations that all its tokens are revoked at once', {
      ...owner,
      revocations: keys.length,
    })
    await Promise.all([onUserRevoked(owner.userId), forget(store, keys)])
  }

  /** Tells whether the owner's tokens were all revoked for it. */
  async function makeRoom(owner: UserKey | undefined): Promise<boolean> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const crowding = list.whoCrowds(owner)
      if (crowding === 'nobody') return false
      if (crowding === undefined) throw tooMany()
      await collapse(crowding)
      const isOwn = crowding.userId === owner?.userId && crowding.organizationId === owner.organizationId
      if (isOwn) return true
    }
    throw tooMany()
  }

  return {
    has: (key) => list.has(key),
    async add(owner, tokenKey, untilWallMs) {
      // Without a wait where there is room: whoever asks for it goes on to tell that the token is refused.
      const isCrowded = !list.has(tokenKey) && list.whoCrowds(owner) !== 'nobody'
      const isCovered = isCrowded && (await makeRoom(owner))
      if (isCovered && untilWallMs <= coveredUntilWallMs()) return
      list.put(owner, tokenKey, untilWallMs)
      const told = isCrowded && owner !== undefined ? onUserRevoked(owner.userId) : undefined
      const token = { owner, tokenKey, untilWallMs }
      await Promise.all([told, store.add(token)])
      await tellOthers(token)
    },
    close() {
      timer.cancel()
      unlisten()
    },
  }
}

async function forget(store: SharedList<RevokedToken>, keys: readonly string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += SLICE) {
    await store.remove(keys.slice(from, from + SLICE))
    await new Promise<void>((resolve) => afterThisTurn(resolve))
  }
}

/** Forgetting one to remember another would bring a revoked token back to life. */
function tooMany(): RollcallError {
  return new RollcallError('unavailable', 'Too many tokens are revoked now.', { retryAfterSeconds: 60 })
}
