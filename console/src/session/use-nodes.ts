import type { NodeList } from '@rollcall/protocol/nodes'
import { type Polled, usePoll } from '../ui/use-poll.ts'
import { optionsOf, type Scope } from './scope.ts'

/** The processes and their store, asked for anew every `intervalMs`. */
export function useNodes(scope: Scope, intervalMs: number): Polled<NodeList> {
  const { session, organizationId, onProblem } = scope
  return usePoll(`nodes ${organizationId ?? ''}`, (signal) => session.api.nodes(optionsOf(scope, signal)), {
    intervalMs,
    onProblem,
  })
}
