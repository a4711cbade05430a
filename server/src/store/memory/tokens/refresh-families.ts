import type { ServiceTime } from '../../../clock/clock.ts'
import { REFRESH_FAMILIES_MAX } from '../../bounds.ts'
import { judgeRotation } from '../../rotation.ts'
import type { RefreshFamily, RefreshFamilyStore, RotateOutcome } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

type Families = Map<string, RefreshFamily>

export function memoryRefreshFamilies({ nowMs, wall }: ServiceTime, gate: Gate): RefreshFamilyStore {
  const families: Families = new Map()
  const findLive = (familyId: string): RefreshFamily | undefined => {
    const family = families.get(familyId)
    return family !== undefined && wall.earliestMs() < family.expiresAtWallMs ? family : undefined
  }
  return {
    async create(family, familiesPerUserMax) {
      assertOpen(gate)
      families.delete(family.familyId)
      families.set(family.familyId, family)
      dropExpired(families, wall.earliestMs())
      dropOldest(families, ({ userId }) => userId === family.userId, familiesPerUserMax)
      dropOldest(families, () => true, REFRESH_FAMILIES_MAX)
    },
    async find(familyId) {
      assertOpen(gate)
      return findLive(familyId)
    },
    async rotate(familyId, presentedHash, successor): Promise<RotateOutcome> {
      assertOpen(gate)
      const family = findLive(familyId)
      if (family === undefined) return { kind: 'unknown' }
      const outcome = judgeRotation(family, presentedHash, successor, nowMs())
      if (outcome.kind === 'rotated') families.set(familyId, outcome.family)
      if (outcome.kind === 'reused') families.delete(familyId)
      return outcome
    },
    async revoke(familyId) {
      assertOpen(gate)
      families.delete(familyId)
    },
    async revokeOf(userId) {
      assertOpen(gate)
      for (const family of families.values()) if (family.userId === userId) families.delete(family.familyId)
    },
  }
}

function dropExpired(families: Families, nowWallMs: number): void {
  for (const family of families.values())
    if (nowWallMs >= family.expiresAtWallMs) families.delete(family.familyId)
}

function dropOldest(families: Families, isCounted: (family: RefreshFamily) => boolean, max: number): void {
  const counted = [...families.values()].filter(isCounted)
  for (const family of counted.slice(0, Math.max(0, counted.length - max))) families.delete(family.familyId)
}
