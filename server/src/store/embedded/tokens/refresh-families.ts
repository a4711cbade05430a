import type { ServiceTime } from '../../../clock/clock.ts'
import { judgeRotation } from '../../rotation.ts'
import type { RefreshFamily, RefreshFamilyStore, RotateOutcome } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import type { FamilyBook } from './family-book.ts'

export function embeddedRefreshFamilies(
  families: FamilyBook,
  journal: Journal,
  { nowMs, wall }: ServiceTime,
): RefreshFamilyStore {
  const findLive = (familyId: string): RefreshFamily | undefined => {
    const family = families.get(familyId)
    return family !== undefined && wall.earliestMs() < family.expiresAtWallMs ? family : undefined
  }
  return {
    async create(family, familiesPerUserMax) {
      journal.assertWritable()
      families.add(family)
      families.dropUsersOldest(family.userId, familiesPerUserMax, wall.earliestMs())
      families.keepBound()
      await journal.durable()
    },
    async find(familyId) {
      journal.assertOpen()
      return findLive(familyId)
    },
    async rotate(familyId, presentedHash, successor): Promise<RotateOutcome> {
      journal.assertWritable()
      const family = findLive(familyId)
      if (family === undefined) return { kind: 'unknown' }
      const outcome = judgeRotation(family, presentedHash, successor, nowMs())
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
