import type { RefreshFamily, RefreshFamilyStore, RotateOutcome, Successor } from '../../store.ts'
import { bytes, list, number, optional, text, texts } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { atName, type Engine, earliest, partitionMax } from '../engine.ts'

/** With how many families were forgotten before their time. */
export type RedisRefreshFamilies = RefreshFamilyStore & { evicted(): number }

export function redisRefreshFamilies(engine: Engine): RedisRefreshFamilies {
  let evicted = 0
  const find = async (familyId: string) => {
    const answer = await atName(engine, 'quick', 'family_find', nameOf(familyId), [
      familyId,
      earliest(engine),
    ])
    return optional(answer, toFamily)
  }
  const revoke = async (familyId: string) => {
    await atName(engine, 'durable', 'family_revoke', nameOf(familyId), [familyId])
  }
  return {
    find,
    revoke,
    async create(family, familiesPerUserMax) {
      const dropped = await create(engine, family)
      evicted += dropped
      const { userId, familyId } = family
      const entered = texts(
        await atName(engine, 'durable', 'family_enter', userOf(userId), [userId, familyId]),
      )
      if (entered.length <= familiesPerUserMax) return
      // Those that are over count no longer, and the oldest of the others go.
      const found = await Promise.all(entered.map(find))
      const live = entered.filter((_, index) => found[index] !== undefined)
      const left = new Set(live.slice(Math.max(0, live.length - familiesPerUserMax)))
      const gone = entered.filter((id) => !left.has(id))
      await Promise.all(gone.map(revoke))
      await atName(engine, 'durable', 'family_leave', userOf(userId), [userId, ...gone])
    },
    evicted: () => evicted,
    rotate: (familyId, presentedHash, successor) => rotate(engine, familyId, presentedHash, successor),
    async revokeOf(userId) {
      const ids = texts(await atName(engine, 'quick', 'family_list', userOf(userId), [userId]))
      await Promise.all(ids.map(revoke))
      await atName(engine, 'durable', 'family_leave', userOf(userId), [userId, ...ids])
    },
  }
}

/** Returns how many went for it. */
async function create(engine: Engine, family: RefreshFamily): Promise<number> {
  const { familyId, clientId, userId, scope, createdAtWallMs, expiresAtWallMs, basis } = family
  const fields = {
    id: familyId,
    c: clientId,
    u: userId,
    o: family.organizationId,
    s: scope,
    a: createdAtWallMs,
    x: expiresAtWallMs,
    b: basis,
  }
  const { refreshFamiliesMax, organizationSharePercent } = engine.bookBounds
  const isShared = organizationSharePercent < 100 ? 1 : 0
  const args = [
    JSON.stringify(fields),
    Buffer.from(family.currentHash),
    partitionMax(engine, refreshFamiliesMax),
    isShared,
  ]
  return number(await atName(engine, 'durable', 'family_create', nameOf(familyId), args))
}

async function rotate(
  engine: Engine,
  familyId: string,
  presentedHash: Uint8Array,
  { currentHash, salt, repeatableMs, expiresAtWallMs, basis, organizationId }: Successor,
): Promise<RotateOutcome> {
  const hashes = [presentedHash, currentHash, salt].map((part) => Buffer.from(part))
  const args = [familyId, earliest(engine), ...hashes, repeatableMs, expiresAtWallMs, basis, organizationId]
  const answer = list(await atName(engine, 'durable', 'family_rotate', nameOf(familyId), args))
  const [kind, row = null, known] = answer
  switch (text(kind)) {
    case 'rotated':
      return { kind: 'rotated', family: toFamily(row) }
    case 'repeated':
      return { kind: 'repeated', family: toFamily(row), salt: bytes(known) }
    case 'reused':
      return { kind: 'reused', family: toFamily(row) }
    default:
      return { kind: 'unknown' }
  }
}

export function toFamily(answer: Answer): RefreshFamily {
  const row = list(answer)
  const usedHash = optional(row[8], bytes)
  return {
    familyId: text(row[0]),
    clientId: text(row[1]),
    userId: text(row[2]),
    organizationId: text(row[11]),
    currentHash: bytes(row[3]),
    scope: text(row[4]),
    createdAtWallMs: number(row[5]),
    expiresAtWallMs: number(row[6]),
    basis: text(row[7]),
    lastRotation:
      usedHash === undefined
        ? undefined
        : { usedHash, salt: bytes(row[9]), repeatableUntilMs: number(row[10]) },
  }
}

export function nameOf(familyId: string): string {
  return `family/${familyId}`
}

/** Sign-ins know a user by its id alone. */
export function userOf(userId: string): string {
  return `user/${userId}`
}
