import { createHash, createHmac } from 'node:crypto'
import type { Random } from '../../clock/clock.ts'

/** A refresh token taken apart: whose it is, and what proves it. */
export type RefreshToken = { readonly familyId: string; readonly secret: string }

const FORM = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/

/** The first of a new family: 128 bits that name it, 256 that nobody guesses. */
export function newRefreshToken(random: Random): RefreshToken {
  return { familyId: random.bytes(16).toString('base64url'), secret: newSecret(random) }
}

/**
 * The next one of the same family: the same again for the same salt, so that an answer that was lost can be given
 * again though no secret is kept. Who has read the store has the salts and no secret; who has found an old token
 * has no salts: neither can tell a successor.
 */
export function successorOf({ familyId, secret }: RefreshToken, salt: Uint8Array): RefreshToken {
  return { familyId, secret: createHmac('sha256', secret).update(salt).digest('base64url') }
}

/** What makes one use of a token lead to its own successor. */
export function newSalt(random: Random): Uint8Array {
  return new Uint8Array(random.bytes(32))
}

export function formatRefreshToken({ familyId, secret }: RefreshToken): string {
  return `${familyId}.${secret}`
}

/** `undefined` for what is not one of ours. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, familyId, secret] = FORM.exec(text) ?? []
  return familyId === undefined || secret === undefined ? undefined : { familyId, secret }
}

/** What is kept in place of the secret. Of its characters, not its bytes: two spellings are two secrets. */
export function hashRefreshSecret({ secret }: RefreshToken): Uint8Array {
  return sha256(secret)
}

/**
 * What access tokens call their sign-in. Not the family's id: whoever knows that and presents it with any
 * secret is taken for a thief, and the family is revoked.
 */
export function sessionIdOf(familyId: string): string {
  return Buffer.from(sha256(familyId).subarray(0, 16)).toString('base64url')
}

function newSecret(random: Random): string {
  return random.bytes(32).toString('base64url')
}

function sha256(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest())
}
