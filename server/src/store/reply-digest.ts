import { createHash } from 'node:crypto'
import type { UserKey } from './registrations.ts'

/** What keeps an idempotency key apart from every other caller's, in a length of its own, bytes. */
const DIGEST_BYTES = 24

/** By which a reply is found: whose key it is, and the key. What it is made of cannot be read from it. */
export function replyDigest({ organizationId, userId }: UserKey, key: string): Buffer {
  const text = JSON.stringify([organizationId, userId, key])
  return createHash('sha256').update(text).digest().subarray(0, DIGEST_BYTES)
}
