import { REFRESH_FAMILIES_MAX } from '../../bounds.ts'
import { judgeRotation } from '../../rotation.ts'
import type { RefreshFamily, RefreshFamilyStore, RotateOutcome } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import type { FamilyBook } from './family-book.ts'

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
    async rotate(familyId, presentedHash, successor, { nowMs, nowWallMs }): Promise<RotateOutcome> {
      journal.assertWritable()
      const family = findLive(families, familyId, nowWallMs)
      if (family === undefined) return { kind: 'unknown' }
      const outcome = judgeRotation(family, presentedHash, successor, nowMs)
      if (outcome.kind === 'rotated') families.replace(outcome.family)
      if (outcome.kind === 'reused') families.remove(familyId)
      // Also what is repeated: the rotation before may be on its way to the disk still.
      await journal.durable()
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

function findLive(families: FamilyBook, familyId: string, nowWallMs: number): RefreshFamily | undefined {
  const family = families.get(familyId)
  return family !== undefined && nowWallMs < family.expiresAtWallMs ? family : undefined
}
