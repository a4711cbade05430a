import type { Limits } from '../../server/src/limits/limits.ts'

/** For tests of what has nothing to do with limits. */
export const NO_LIMITS: Limits = {
  sendEvents: () => undefined,
  register: () => undefined,
  signIn: { arrived: () => undefined, identified: () => undefined, failed: () => undefined },
}
