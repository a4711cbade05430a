import type { BookBounds } from '../../bounds.ts'
import { byOrganization, type Holding, Shares } from '../../shares.ts'
import type { RefreshFamily, Rotation } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { digestKey } from '../keys.ts'
import { Rounds } from '../rounds.ts'
import type { Rows } from '../rows.ts'

/** A row of `families`, whose key is the digest of its id. */
export type FamilyRow = { readonly family: RefreshFamily; readonly ordinal: number }
type Kept = FamilyRow & { readonly holding: Holding }

/** Refresh families in memory and on disk, oldest first, by id and by user. */
export class FamilyBook {
  readonly #journal: Journal
  readonly #families = new Map<string, Kept>()
  readonly #byUser = new Map<string, Set<string>>()
  readonly #rounds = new Rounds(this.#families)
  readonly #shares: Shares
  readonly #max: number
  #nextOrdinal = 1
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(journal: Journal, bounds: Pick<BookBounds, 'refreshFamiliesMax' | 'organizationSharePercent'>) {
    this.#journal = journal
    this.#shares = new Shares(byOrganization(bounds))
    this.#max = bounds.refreshFamiliesMax
  }

  async load(rows: Rows): Promise<void> {
    const loaded: FamilyRow[] = []
    await rows.scan('families', (_key, value) => loaded.push(decodeFamily(value)))
    loaded.sort((a, b) => a.ordinal - b.ordinal)
    for (const row of loaded) this.#keep(row)
    this.#nextOrdinal = (loaded.at(-1)?.ordinal ?? 0) + 1
  }

  get(familyId: string): RefreshFamily | undefined {
    return this.#families.get(familyId)?.family
  }

  add(family: RefreshFamily): void {
    this.remove(family.familyId)
    const row = { family, ordinal: this.#nextOrdinal++ }
    this.#keep(row)
    this.#write(row)
  }

  /** Puts a changed family in the place of the one with its id. */
  replace(family: RefreshFamily): void {
    const before = this.#families.get(family.familyId)
    if (before === undefined) return
    const { ordinal, holding } = before
    this.#families.set(family.familyId, {
      family,
      ordinal,
      holding: this.#moved(holding, before.family, family),
    })
    this.#write({ family, ordinal })
  }

  /** Tells whether there was one. */
  remove(familyId: string): boolean {
    const kept = this.#families.get(familyId)
    if (kept === undefined) return false
    this.#families.delete(familyId)
    this.#shares.remove(kept.holding, familyId)
    const ofUser = this.#byUser.get(kept.family.userId)
    ofUser?.delete(familyId)
    if (ofUser?.size === 0) this.#byUser.delete(kept.family.userId)
    this.#journal.remove('families', digestKey(familyId))
    return true
  }

  /** Removes all of a user's; tells whether there were any. */
  removeUsers(userId: string): boolean {
    const ids = [...(this.#byUser.get(userId) ?? [])]
    for (const id of ids) this.remove(id)
    return ids.length > 0
  }

  /** Drops the user's expired families, and the oldest of the others past `max`. */
  dropUsersOldest(userId: string, max: number, nowWallMs: number): void {
    const ids = [...(this.#byUser.get(userId) ?? [])]
    const live = ids.filter((id) => nowWallMs < (this.get(id)?.expiresAtWallMs ?? 0))
    const kept = new Set(live.slice(Math.max(0, live.length - max)))
    for (const id of ids) if (!kept.has(id)) this.remove(id)
  }

  keepBound(): void {
    this.evicted += this.#shares.keepWithin(this.#max, (familyId) => this.remove(familyId))
  }

  /** Drops expired families among the next `max`, going round. */
  prune(nowWallMs: number, max: number): void {
    for (const [familyId, { family }] of this.#rounds.next(max))
      if (nowWallMs >= family.expiresAtWallMs) this.remove(familyId)
  }

  /** Rows of earlier versions do not say whose they are, until they are rotated. */
  #moved(holding: Holding, before: RefreshFamily, after: RefreshFamily): Holding {
    if (before.organizationId === after.organizationId) return holding
    this.#shares.remove(holding, before.familyId)
    return this.#shares.add(after, after.familyId)
  }

  #keep({ family, ordinal }: FamilyRow): void {
    const { familyId, userId } = family
    this.#families.set(familyId, { family, ordinal, holding: this.#shares.add(family, familyId) })
    const ofUser = this.#byUser.get(userId)
    if (ofUser === undefined) this.#byUser.set(userId, new Set([familyId]))
    else ofUser.add(familyId)
  }

  #write(row: FamilyRow): void {
    this.#journal.put('families', digestKey(row.family.familyId), encodeFamily(row))
  }
}

/** What a family that was never rotated has in the place of a rotation, where something follows. */
const NO_ROTATION = { usedHash: Buffer.alloc(0), salt: Buffer.alloc(0), repeatableUntilMs: 0 }

export function encodeFamily({ family, ordinal }: FamilyRow): Buffer {
  const { familyId, clientId, userId, currentHash, scope, createdAtWallMs, expiresAtWallMs } = family
  const { basis, organizationId, lastRotation = NO_ROTATION } = family
  return encodeFields([
    ordinal,
    familyId,
    clientId,
    userId,
    currentHash,
    scope,
    createdAtWallMs,
    expiresAtWallMs,
    basis,
    lastRotation.usedHash,
    lastRotation.salt,
    lastRotation.repeatableUntilMs,
    organizationId,
  ])
}

export function decodeFamily(value: Uint8Array): FamilyRow {
  const row = new FieldReader(value)
  return {
    ordinal: row.number(),
    family: {
      familyId: row.text(),
      clientId: row.text(),
      userId: row.text(),
      currentHash: row.bytes(),
      scope: row.text(),
      createdAtWallMs: row.number(),
      expiresAtWallMs: row.number(),
      // Rows of earlier versions end here, rotated or not.
      basis: row.isAtEnd ? '' : row.text(),
      lastRotation: row.isAtEnd ? undefined : readRotation(row),
      organizationId: row.isAtEnd ? '' : row.text(),
    },
  }
}

function readRotation(row: FieldReader): Rotation | undefined {
  const rotation = { usedHash: row.bytes(), salt: row.bytes(), repeatableUntilMs: row.number() }
  return rotation.usedHash.length === 0 ? undefined : rotation
}
