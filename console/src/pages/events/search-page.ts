import type { HistoryPage } from '@rollcall/client'
import type { Filters } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'

const ROWS = 50
/** A page may be empty although more follow: so many are asked for before somebody is asked to go on. */
const EMPTY_PAGES_MAX = 5

/** A page of events, without the empty ones before it. */
export async function searchPage(
  { session, organizationId }: Scope,
  filters: Filters,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<HistoryPage> {
  const options = optionsOf({ organizationId }, signal)
  let from = cursor
  for (let asked = 1; ; asked++) {
    const query = { ...filters, limit: ROWS, ...(from === undefined ? {} : { cursor: from }) }
    const page = await session.api.events(query, options)
    if (page.events.length > 0 || page.nextCursor === undefined || asked === EMPTY_PAGES_MAX) return page
    from = page.nextCursor
  }
}
