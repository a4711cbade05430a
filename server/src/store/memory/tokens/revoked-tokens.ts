import { RollcallError } from '@rollcall/protocol/error-code'
import type { ServiceTime } from '../../../clock/clock.ts'
import { type BookBounds, REVOCATIONS_SLACK } from '../../bounds.ts'
import type { RevokedToken, RevokedTokenStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

export function memoryRevokedTokens(
  wall: ServiceTime['wall'],
  gate: Gate,
  { revocationsMax }: BookBounds,
): RevokedTokenStore {
  const tokens = new Map<string, RevokedToken>()
  return {
    async add(token) {
      assertOpen(gate)
      const { tokenKey } = token
      for (const [key, { untilWallMs }] of tokens) if (wall.earliestMs() >= untilWallMs) tokens.delete(key)
      const known = tokens.get(tokenKey)
      if (known === undefined && tokens.size >= REVOCATIONS_SLACK * revocationsMax)
        throw new RollcallError('unavailable', 'Too many tokens are revoked at once.')
      const untilWallMs = Math.max(token.untilWallMs, known?.untilWallMs ?? 0)
      const { owner } = known ?? token
      tokens.set(tokenKey, { tokenKey, untilWallMs, ...(owner === undefined ? {} : { owner }) })
    },
    remove(tokenKeys) {
      if (gate.open) for (const tokenKey of tokenKeys) tokens.delete(tokenKey)
    },
    async list(nowWallMs) {
      assertOpen(gate)
      return [...tokens.values()].filter(({ untilWallMs }) => nowWallMs < untilWallMs)
    },
  }
}
