import type { DiscardReason } from '@rollcall/protocol/history'
import type { UnregisterReason } from '@rollcall/protocol/lifecycle'

/** Why what waited is discarded where a registration is ended by somebody. */
export function discardReasonOf(reason: UnregisterReason): DiscardReason {
  return reason === 'requested' ? 'unregistered' : reason
}
