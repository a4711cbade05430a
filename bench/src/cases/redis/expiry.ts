import type { Case } from '../case.ts'
import { expiryCase } from '../expiry.ts'

/** What one process does, and three primaries can: the goal is theirs. */
const LATE_MS_MAX = 1_000

export const expiryOnRedis: Case = {
  ...expiryCase('redis-expiry', LATE_MS_MAX),
  onRedis: 'too',
}
