import type { RefreshFamily, RotateOutcome, Successor } from './store.ts'

/**
 * What becomes of a live family when a secret is presented: the current one is used up for its successor, the one
 * used up last may be shown again for a while, any other was stolen from somebody. Pure.
 *
 * Once a successor is used it is the one used up last itself, so that the secret before it is any other.
 */
export function judgeRotation(
  family: RefreshFamily,
  presentedHash: Uint8Array,
  { currentHash, salt, repeatableMs, expiresAtWallMs, basis, organizationId }: Successor,
  nowMs: number,
): Exclude<RotateOutcome, { readonly kind: 'unknown' }> {
  const { lastRotation } = family
  if (isSame(family.currentHash, presentedHash)) {
    const rotation = { usedHash: presentedHash, salt, repeatableUntilMs: nowMs + repeatableMs }
    return {
      kind: 'rotated',
      family: { ...family, organizationId, currentHash, expiresAtWallMs, basis, lastRotation: rotation },
    }
  }
  const isRepeatable = lastRotation !== undefined && nowMs < lastRotation.repeatableUntilMs
  if (isRepeatable && isSame(lastRotation.usedHash, presentedHash))
    return { kind: 'repeated', family, salt: lastRotation.salt }
  return { kind: 'reused', family }
}

function isSame(hash: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(hash, other) === 0
}
