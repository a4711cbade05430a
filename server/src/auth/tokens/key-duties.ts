/** What rotation needs to know of a key. */
export type DatedKey = { readonly keyId: string; readonly createdAtWallMs: number }

export type KeyTimes = {
  /** Age at which a key is due to be replaced. */
  readonly rotationMs: number
  /** How long a new key is published before it signs, so that whoever caches our JWKS has it by then. */
  readonly leadMs: number
  /** How long a key verifies after it stopped signing. */
  readonly afterlifeMs: number
}

export type KeyDuties = {
  /** Whether a new key has to be made. */
  readonly makeOne: boolean
  /** The key that signs; `undefined` only where there is none. */
  readonly signerId: string | undefined
  /** Keys whose last token can no longer be used. */
  readonly retired: readonly string[]
}

/**
 * Decides what every key is for at `nowWallMs`. Pure: the caller makes, signs and removes.
 *
 * A key signs from its creation plus the lead until the next one does, and a first key at once: there is no
 * other.
 *
 * @param keys newest first
 */
export function keyDuties(keys: readonly DatedKey[], nowWallMs: number, times: KeyTimes): KeyDuties {
  const [newest] = keys
  const signer = keys.find((key) => key.createdAtWallMs + times.leadMs <= nowWallMs) ?? keys.at(-1)
  const isRetired = (_key: DatedKey, index: number): boolean => {
    const successor = keys[index - 1]
    if (successor === undefined) return false
    return successor.createdAtWallMs + times.leadMs + times.afterlifeMs <= nowWallMs
  }
  return {
    makeOne: newest === undefined || newest.createdAtWallMs + times.rotationMs <= nowWallMs,
    signerId: signer?.keyId,
    retired: keys.filter(isRetired).map((key) => key.keyId),
  }
}
