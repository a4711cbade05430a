import type { ServiceTime } from '../../../clock/clock.ts'
import type { BookBounds } from '../../bounds.ts'
import { judgeRotation } from '../../rotation.ts'
import { byOrganization, type Holding, Shares } from '../../shares.ts'
import type { RefreshFamily, RefreshFamilyStore, RotateOutcome } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

type Bounds = Pick<BookBounds, 'refreshFamiliesMax' | 'organizationSharePercent'>

/** With how many families were forgotten before their time. */
export type MemoryRefreshFamilies = RefreshFamilyStore & { evicted(): number }

export function memoryRefreshFamilies(
  { nowMs, wall }: ServiceTime,
  bounds: Bounds,
  gate: Gate,
): MemoryRefreshFamilies {
  const families = new Families(bounds)
  const findLive = (familyId: string): RefreshFamily | undefined => {
    const family = families.get(familyId)
    return family !== undefined && wall.earliestMs() < family.expiresAtWallMs ? family : undefined
  }
  return {
    async create(family, familiesPerUserMax) {
      assertOpen(gate)
      families.delete(family.familyId)
      families.set(family)
      families.dropExpired(wall.earliestMs())
      families.dropOldestOf(family.userId, familiesPerUserMax)
      families.keepBound()
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
      if (outcome.kind === 'rotated') families.set(outcome.family)
      if (outcome.kind === 'reused') families.delete(familyId)
      return outcome
    },
    async revoke(familyId) {
      assertOpen(gate)
      families.delete(familyId)
    },
    async revokeOf(userId) {
      assertOpen(gate)
      families.dropOldestOf(userId, 0)
    },
    evicted: () => families.evicted,
  }
}

/** Oldest first. */
class Families {
  readonly #byId = new Map<string, { readonly family: RefreshFamily; readonly holding: Holding }>()
  readonly #shares: Shares
  readonly #max: number
  evicted = 0

  constructor(bounds: Bounds) {
    this.#shares = new Shares(byOrganization(bounds))
    this.#max = bounds.refreshFamiliesMax
  }

  get(familyId: string): RefreshFamily | undefined {
    return this.#byId.get(familyId)?.family
  }

  /** One that is there keeps its place. */
  set(family: RefreshFamily): void {
    const { familyId, organizationId } = family
    const before = this.#byId.get(familyId)
    if (before?.family.organizationId === organizationId)
      return void this.#byId.set(familyId, { family, holding: before.holding })
    if (before !== undefined) this.#shares.remove(before.holding, familyId)
    this.#byId.set(familyId, { family, holding: this.#shares.add(family, familyId) })
  }

  delete(familyId: string): void {
    const kept = this.#byId.get(familyId)
    if (kept === undefined) return
    this.#byId.delete(familyId)
    this.#shares.remove(kept.holding, familyId)
  }

  dropExpired(nowWallMs: number): void {
    for (const [familyId, { family }] of this.#byId)
      if (nowWallMs >= family.expiresAtWallMs) this.delete(familyId)
  }

  dropOldestOf(userId: string, max: number): void {
    const own = [...this.#byId.values()].filter(({ family }) => family.userId === userId)
    for (const { family } of own.slice(0, Math.max(0, own.length - max))) this.delete(family.familyId)
  }

  keepBound(): void {
    this.evicted += this.#shares.keepWithin(this.#max, (familyId) => this.delete(familyId))
  }
}
