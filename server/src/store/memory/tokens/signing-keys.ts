import type { SigningKey, SigningKeyStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

export function memorySigningKeys(gate: Gate): SigningKeyStore {
  const keys = new Map<string, SigningKey>()
  return {
    async list() {
      assertOpen(gate)
      return [...keys.values()].sort((a, b) => b.createdAtWallMs - a.createdAtWallMs)
    },
    async add(key) {
      assertOpen(gate)
      keys.set(key.keyId, key)
    },
    async remove(keyId) {
      assertOpen(gate)
      keys.delete(keyId)
    },
  }
}
