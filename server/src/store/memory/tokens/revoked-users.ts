import { RollcallError } from '@rollcall/protocol/error-code'
import type { ServiceTime } from '../../../clock/clock.ts'
import { type BookBounds, REVOCATIONS_SLACK } from '../../bounds.ts'
import type { RevokedUserStore, UserRevocation } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

export function memoryRevokedUsers(
  wall: ServiceTime['wall'],
  gate: Gate,
  { revocationsMax }: BookBounds,
): RevokedUserStore {
  const revocations = new Map<string, UserRevocation>()
  return {
    async add(revocation) {
      assertOpen(gate)
      const { organizationId, userId, notBeforeWallMs, untilWallMs } = revocation
      for (const [key, other] of revocations)
        if (wall.earliestMs() >= other.untilWallMs) revocations.delete(key)
      const key = JSON.stringify([organizationId, userId])
      const known = revocations.get(key)
      if (known === undefined && revocations.size >= REVOCATIONS_SLACK * revocationsMax)
        throw new RollcallError('unavailable', 'Too many users are revoked at once.')
      revocations.set(key, {
        organizationId,
        userId,
        notBeforeWallMs: Math.max(notBeforeWallMs, known?.notBeforeWallMs ?? 0),
        untilWallMs: Math.max(untilWallMs, known?.untilWallMs ?? 0),
      })
    },
    async list(nowWallMs) {
      assertOpen(gate)
      return [...revocations.values()].filter(({ untilWallMs }) => nowWallMs < untilWallMs)
    },
  }
}
