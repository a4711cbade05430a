import { REFRESH_FAMILIES_MAX } from '../../bounds.ts'
import type { RefreshFamily, RefreshFamilyStore, RotateOutcome, Successor } from '../../store.ts'
import { bytes, list, number, optional, text, texts } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { atName, type Engine, earliest } from '../engine.ts'

export function redisRefreshFamilies(engine: Engine): RefreshFamilyStore {
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
      await create(engine, family)
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
    rotate: (familyId, presentedHash, successor) => rotate(engine, familyId, presentedHash, successor),
    async revokeOf(userId) {
      const ids = texts(await atName(engine, 'quick', 'family_list', userOf(userId), [userId]))
      await Promise.all(ids.map(revoke))
      await atName(engine, 'durable', 'family_leave', userOf(userId), [userId, ...ids])
    },
  }
}

async function create(engine: Engine, family: RefreshFamily): Promise<void> {
  const { familyId, clientId, userId, scope, createdAtWallMs, expiresAtWallMs, basis } = family
  const fields = {
    id: familyId,
    c: clientId,
    u: userId,
    s: scope,
    a: createdAtWallMs,
    x: expiresAtWallMs,
    b: basis,
  }
  const max = Math.max(1_000, Math.ceil((2 * REFRESH_FAMILIES_MAX) / engine.partitions.count))
  const args = [JSON.stringify(fields), Buffer.from(family.currentHash), max]
  await atName(engine, 'durable', 'family_create', nameOf(familyId), args)
}

async function rotate(
  engine: Engine,
  familyId: string,
  presentedHash: Uint8Array,
  { currentHash, salt, repeatableMs, expiresAtWallMs, basis }: Successor,
): Promise<RotateOutcome> {
  const hashes = [presentedHash, currentHash, salt].map((part) => Buffer.from(part))
  const args = [familyId, earliest(engine), ...hashes, repeatableMs, expiresAtWallMs, basis]
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

function toFamily(answer: Answer): RefreshFamily {
  const row = list(answer)
  const usedHash = optional(row[8], bytes)
  return {
    familyId: text(row[0]),
    clientId: text(row[1]),
    userId: text(row[2]),
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

function nameOf(familyId: string): string {
  return `family/${familyId}`
}

/** Sign-ins know a user by its id alone. */
function userOf(userId: string): string {
  return `user/${userId}`
}
