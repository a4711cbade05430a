import type { RefreshFamily } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { digestKey } from '../keys.ts'
import { Rounds } from '../rounds.ts'
import type { Rows } from '../rows.ts'

type Kept = { readonly family: RefreshFamily; readonly ordinal: number }

/** Refresh families in memory and on disk, oldest first, by id and by user. */
export class FamilyBook {
  readonly #journal: Journal
  readonly #families = new Map<string, Kept>()
  readonly #byUser = new Map<string, Set<string>>()
  readonly #rounds = new Rounds(this.#families)
  #nextOrdinal = 1

  constructor(journal: Journal) {
    this.#journal = journal
  }

  async load(rows: Rows): Promise<void> {
    const loaded: Kept[] = []
    await rows.scan('families', (_key, value) => loaded.push(decode(value)))
    loaded.sort((a, b) => a.ordinal - b.ordinal)
    for (const kept of loaded) this.#keep(kept)
    this.#nextOrdinal = (loaded.at(-1)?.ordinal ?? 0) + 1
  }

  get(familyId: string): RefreshFamily | undefined {
    return this.#families.get(familyId)?.family
  }

  add(family: RefreshFamily): void {
    this.remove(family.familyId)
    const kept = { family, ordinal: this.#nextOrdinal++ }
    this.#keep(kept)
    this.#write(kept)
  }

  /** Puts a changed family in the place of the one with its id. */
  replace(family: RefreshFamily): void {
    const ordinal = this.#families.get(family.familyId)?.ordinal
    if (ordinal === undefined) return
    this.#families.set(family.familyId, { family, ordinal })
    this.#write({ family, ordinal })
  }

  /** Tells whether there was one. */
  remove(familyId: string): boolean {
    const kept = this.#families.get(familyId)
    if (kept === undefined) return false
    this.#families.delete(familyId)
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

  dropOldest(max: number): void {
    for (const familyId of this.#families.keys()) {
      if (this.#families.size <= max) return
      this.remove(familyId)
    }
  }

  /** Drops expired families among the next `max`, going round. */
  prune(nowWallMs: number, max: number): void {
    for (const [familyId, { family }] of this.#rounds.next(max))
      if (nowWallMs >= family.expiresAtWallMs) this.remove(familyId)
  }

  #keep(kept: Kept): void {
    const { familyId, userId } = kept.family
    this.#families.set(familyId, kept)
    const ofUser = this.#byUser.get(userId)
    if (ofUser === undefined) this.#byUser.set(userId, new Set([familyId]))
    else ofUser.add(familyId)
  }

  #write(kept: Kept): void {
    this.#journal.put('families', digestKey(kept.family.familyId), encode(kept))
  }
}

function encode({ family, ordinal }: Kept): Buffer {
  const { familyId, clientId, userId, currentHash, scope, createdAtWallMs, expiresAtWallMs } = family
  const { basis, lastRotation } = family
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
    ...(lastRotation === undefined
      ? []
      : [lastRotation.usedHash, lastRotation.salt, lastRotation.repeatableUntilMs]),
  ])
}

function decode(value: Uint8Array): Kept {
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
      lastRotation: row.isAtEnd
        ? undefined
        : { usedHash: row.bytes(), salt: row.bytes(), repeatableUntilMs: row.number() },
    },
  }
}
