import { REFRESH_FAMILIES_MAX } from '../bounds.ts'
import type { RefreshFamily, RefreshFamilyStore, RotateOutcome } from '../store.ts'
import type { FamilyBook } from './family-book.ts'
import type { Journal } from './journal.ts'

export function embeddedRefreshFamilies(families: FamilyBook, journal: Journal): RefreshFamilyStore {
  return {
    async create(family, familiesPerUserMax, nowWallMs) {
      journal.assertWritable()
      families.add(family)
      families.dropUsersOldest(family.userId, familiesPerUserMax, nowWallMs)
      families.dropOldest(REFRESH_FAMILIES_MAX)
      await journal.durable()
    },
    async find(familyId, nowWallMs) {
      journal.assertOpen()
      return findLive(families, familyId, nowWallMs)
    },
    async rotate(familyId, presentedHash, next, nowWallMs) {
      journal.assertWritable()
      const outcome = rotate(families, familyId, presentedHash, next, nowWallMs)
      if (outcome.kind !== 'unknown') await journal.durable()
      return outcome
    },
    async revoke(familyId) {
      journal.assertWritable()
      if (families.remove(familyId)) await journal.durable()
    },
    async revokeOf(userId) {
      journal.assertWritable()
      if (families.removeUsers(userId)) await journal.durable()
    },
  }
}

function rotate(
  families: FamilyBook,
  familyId: string,
  presentedHash: Uint8Array,
  next: Pick<RefreshFamily, 'currentHash' | 'expiresAtWallMs'>,
  nowWallMs: number,
): RotateOutcome {
  const family = findLive(families, familyId, nowWallMs)
  if (family === undefined) return { kind: 'unknown' }
  if (Buffer.compare(family.currentHash, presentedHash) !== 0) {
    families.remove(familyId)
    return { kind: 'reused', family }
  }
  const rotated = { ...family, currentHash: next.currentHash, expiresAtWallMs: next.expiresAtWallMs }
  families.replace(rotated)
  return { kind: 'rotated', family: rotated }
}

function findLive(families: FamilyBook, familyId: string, nowWallMs: number): RefreshFamily | undefined {
  const family = families.get(familyId)
  return family !== undefined && nowWallMs < family.expiresAtWallMs ? family : undefined
}
