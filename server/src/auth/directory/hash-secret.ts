import { createHash, timingSafeEqual } from 'node:crypto'
import { hash } from '@node-rs/argon2'

// Bounds on what a directory may ask for: an argon2 run holds `m` KiB of memory, and m × t is its time.
const ARGON2_KIB_MAX = 262_144
const ARGON2_PASSES_MAX = 16
const ARGON2ID =
  /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/
const SHA256 = /^sha256\$[A-Za-z0-9_-]{43}$/

/** Longest password or client secret; characters. */
export const SECRET_CHARACTERS_MAX = 1024
/** Shortest secret that may be kept as a plain SHA-256: 128 random bits in base64url. */
const RANDOM_SECRET_CHARACTERS_MIN = 22

/**
 * Hashes a password or a client secret for the directory file: argon2id in PHC form, with a salt of its own.
 *
 * @throws RangeError when it is empty or longer than 1,024 characters
 */
export async function hashSecret(secret: string): Promise<string> {
  if (secret.length === 0 || secret.length > SECRET_CHARACTERS_MAX)
    throw new RangeError(`a secret must have 1 to ${SECRET_CHARACTERS_MAX} characters`)
  return hash(secret)
}

/**
 * Hashes a *randomly made* client secret as `sha256$…`, which costs nothing to check. Not for passwords:
 * what people choose can be guessed at billions of SHA-256 a second.
 *
 * @throws RangeError when it is shorter than 22 or longer than 1,024 characters
 */
export function hashRandomSecret(secret: string): string {
  if (secret.length < RANDOM_SECRET_CHARACTERS_MIN || secret.length > SECRET_CHARACTERS_MAX)
    throw new RangeError(
      `a random secret must have ${RANDOM_SECRET_CHARACTERS_MIN} to ${SECRET_CHARACTERS_MAX} characters`,
    )
  return `sha256$${digest(secret).toString('base64url')}`
}

/** Whether `text` is an argon2id hash of a cost that this server is willing to pay. */
export function isPasswordHash(text: string): boolean {
  const [, kib, passes, lanes] = ARGON2ID.exec(text) ?? []
  if (kib === undefined) return false
  return (
    Number(kib) >= 8 * Number(lanes) &&
    Number(kib) <= ARGON2_KIB_MAX &&
    isBetween(Number(passes), 1, ARGON2_PASSES_MAX) &&
    isBetween(Number(lanes), 1, 16)
  )
}

/** The same, or a `sha256$…` hash. */
export function isSecretHash(text: string): boolean {
  return isSha256Hash(text) || isPasswordHash(text)
}

export function isSha256Hash(text: string): boolean {
  return SHA256.test(text)
}

/** Whether `hashed`, a `sha256$…` hash, is of this secret; in constant time. */
export function matchesSha256(secret: string, hashed: string): boolean {
  const expected = Buffer.from(hashed.slice('sha256$'.length), 'base64url')
  return expected.length === 32 && timingSafeEqual(digest(secret), expected)
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function isBetween(value: number, min: number, max: number): boolean {
  return value >= min && value <= max
}
