import type { DirectoryChange, DirectoryStep, DirectoryStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

export function memoryDirectory(gate: Gate): DirectoryStore {
  let revision = 0
  const entries = new Map<string, Uint8Array>()
  const listeners = new Set<(step: DirectoryStep) => void>()
  const carryOut = ({ key, value }: DirectoryChange): void => {
    if (value === undefined) entries.delete(key)
    else entries.set(key, Uint8Array.from(value))
  }
  return {
    async read() {
      assertOpen(gate)
      return { revision, entries: [...entries].map(([key, value]) => ({ key, value })) }
    },
    async change(expected, changes) {
      assertOpen(gate)
      if (expected !== revision) return false
      revision++
      changes.forEach(carryOut)
      for (const listener of listeners) listener({ revision, changes })
      return true
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
