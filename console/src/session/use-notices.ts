import type { NoticeList } from '@rollcall/protocol/notices'
import { usePoll } from '../ui/use-poll.ts'
import { optionsOf, type Scope } from './scope.ts'

const EVERY_MS = 10_000

/** What is wrong now, for those who may know; `undefined`: nobody has said, or not for them. */
export function useNotices(scope: Scope): NoticeList | undefined {
  const { session, organizationId, onProblem } = scope
  const mayKnow = session.sight === 'all'
  const { data } = usePoll(
    `notices ${organizationId ?? ''}`,
    async (signal) => (mayKnow ? session.api.notices(optionsOf(scope, signal)) : undefined),
    { intervalMs: mayKnow ? EVERY_MS : 0, onProblem },
  )
  return data
}
