import { type BookBounds, REVOCATIONS_SLACK } from './bounds.ts'
import type { RevokedToken, SigningKey, UserRevocation } from './shared-list.ts'

/** What the items of one `SharedList` are; the same in every engine. */
export type ListKind<Item> = {
  keyOf(item: Item): string
  untilWallMs(item: Item): number
  /** What is kept where an item comes to one with its key. */
  merge(known: Item, item: Item): Item
  /** How they are listed. Absent: as they came. */
  compare?(item: Item, other: Item): number
  readonly itemsMax: number
  /** Said where that is too few. */
  readonly tooMany: string
}

export function revokedTokenKind({ revocationsMax }: BookBounds): ListKind<RevokedToken> {
  return {
    keyOf: ({ tokenKey }) => tokenKey,
    untilWallMs: ({ untilWallMs }) => untilWallMs,
    merge: (known, { untilWallMs }) => ({
      ...known,
      untilWallMs: Math.max(known.untilWallMs, untilWallMs),
    }),
    itemsMax: REVOCATIONS_SLACK * revocationsMax,
    tooMany: 'Too many tokens are revoked at once.',
  }
}

export function revokedUserKind({ revocationsMax }: BookBounds): ListKind<UserRevocation> {
  return {
    // Ids never contain a slash, so that no two users share a key.
    keyOf: ({ organizationId, userId }) => `${organizationId}/${userId}`,
    untilWallMs: ({ untilWallMs }) => untilWallMs,
    merge: (known, { notBeforeWallMs, untilWallMs }) => ({
      ...known,
      notBeforeWallMs: Math.max(known.notBeforeWallMs, notBeforeWallMs),
      untilWallMs: Math.max(known.untilWallMs, untilWallMs),
    }),
    itemsMax: REVOCATIONS_SLACK * revocationsMax,
    tooMany: 'Too many users are revoked at once.',
  }
}

/** Newest first. Whoever makes them keeps them few. */
export const SIGNING_KEY_KIND: ListKind<SigningKey> = {
  keyOf: ({ keyId }) => keyId,
  untilWallMs: () => Number.POSITIVE_INFINITY,
  merge: (_known, key) => key,
  compare: (key, other) => other.createdAtWallMs - key.createdAtWallMs,
  itemsMax: 1_000,
  tooMany: 'Too many signing keys are kept.',
}
