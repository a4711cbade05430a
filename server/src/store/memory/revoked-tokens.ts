import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../../clock/clock.ts'
import { REVOKED_TOKENS_MAX } from '../bounds.ts'
import type { RevokedTokenStore } from '../store.ts'
import { assertOpen, type Gate } from './gate.ts'

export function memoryRevokedTokens(clock: Clock, gate: Gate): RevokedTokenStore {
  const untilWallMs = new Map<string, number>()
  return {
    async add(token) {
      assertOpen(gate)
      for (const [tokenKey, until] of untilWallMs) if (clock.wallMs() >= until) untilWallMs.delete(tokenKey)
      if (untilWallMs.size >= REVOKED_TOKENS_MAX && !untilWallMs.has(token.tokenKey))
        throw new RollcallError('unavailable', 'Too many tokens are revoked at once.')
      untilWallMs.set(token.tokenKey, Math.max(token.untilWallMs, untilWallMs.get(token.tokenKey) ?? 0))
    },
    async list(nowWallMs) {
      assertOpen(gate)
      const tokens = [...untilWallMs].map(([tokenKey, until]) => ({ tokenKey, untilWallMs: until }))
      return tokens.filter((token) => nowWallMs < token.untilWallMs)
    },
  }
}
