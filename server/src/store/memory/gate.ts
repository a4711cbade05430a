import { RollcallError } from '@rollcall/protocol/error-code'

/** Whether the store is still open. */
export type Gate = { open: boolean }

/** Throws what every operation of a closed store rejects with. */
export function assertOpen(gate: Gate): void {
  if (!gate.open) throw new RollcallError('unavailable', 'The store is closed.')
}
