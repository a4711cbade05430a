import type { EntryKind, EntryPage } from '../../api/directory.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { cursorOf, type PageStack } from '../../ui/page-stack.ts'
import { type Polled, usePoll } from '../../ui/use-poll.ts'

/** On one page. */
const ROWS = 50

/** One page of the entries of a kind, by id. */
export function useEntries(
  kind: EntryKind,
  { prefix, authority }: { readonly prefix?: string; readonly authority?: string },
  stack: PageStack,
  scope: Scope,
): Polled<EntryPage> {
  const cursor = cursorOf(stack)
  return usePoll(
    JSON.stringify([kind, scope.organizationId, prefix, authority, cursor]),
    (signal) =>
      scope.session.api.directory.list(
        kind,
        { prefix, authority, limit: String(ROWS), cursor },
        optionsOf(scope, signal),
      ),
    { intervalMs: 0, onProblem: scope.onProblem },
  )
}
